"""A scenario written as a plain Python program over `threading` and `queue`.

program     the whole file
statements  the steps of a thread
turns       the same, each step in its turn of a schedule
names       names and expressions, as Python has them
questions   what asks something shared how it is
finalizers  what may begin anywhere in its thread
mode_lock   a lock that is held in modes, plain and in turns
classes     what `threading` does not have: an rwlock, a lock with modes, a pipe, a latch
select      the first of several, which it does not have either
forced      what a program needs that is forced into a schedule
"""
