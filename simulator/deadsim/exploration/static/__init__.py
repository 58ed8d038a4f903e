"""Static analysis of a program, before any search."""
