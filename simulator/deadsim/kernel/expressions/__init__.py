"""Expressions of the language as functions: of a thread's locals, or of the shared objects."""
