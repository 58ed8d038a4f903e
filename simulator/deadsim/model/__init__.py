"""The nouns: an immutable program, the expressions in it, and what is claimed of it."""
