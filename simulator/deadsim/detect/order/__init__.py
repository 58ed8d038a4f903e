"""The order that a program enforces between steps, and what it leaves unordered."""
