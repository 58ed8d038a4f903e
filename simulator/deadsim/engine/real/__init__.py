"""Instrumented primitives: the real object behind each shared one, checked against the kernel."""
