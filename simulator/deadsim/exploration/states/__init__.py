"""Stateful search: over the states that a program can reach."""
