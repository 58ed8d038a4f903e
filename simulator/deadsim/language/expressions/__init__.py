"""The text of an expression, as a checked subset of Python's, becomes a tree."""
