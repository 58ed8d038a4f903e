"""A scenario's thread: its code, linked and walked from step to step."""
