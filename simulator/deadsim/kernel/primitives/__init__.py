"""What threads share, one primitive a file: its state, and what each operation makes of it."""
