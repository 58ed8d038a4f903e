"""Naming a deadlock: its kind, its core, who could help, and which signal was lost."""
