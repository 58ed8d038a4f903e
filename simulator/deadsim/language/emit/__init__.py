"""Code generation: a thread's body becomes a flat list of instructions."""
