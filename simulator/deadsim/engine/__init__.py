"""Carrying a program out on real threads, which pass one baton between them.

baton       how one thread wakes another
pool        workers: operating-system threads that are used again and again
scheduler   one execution
real        the real objects behind the scenario's
interrupts  Ctrl-C, noted and acted on at the next step
"""
