"""Carrying a program out on real threads, which pass one baton between them.

baton       how one thread wakes another
pool        workers: operating-system threads that are used again and again
primitives  the real objects behind the scenario's
threads     one execution
interrupts  Ctrl-C, noted and acted on at the next step
"""
