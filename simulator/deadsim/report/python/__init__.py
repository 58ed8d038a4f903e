"""A scenario written as a plain Python program over `threading` and `queue`.

    program       the whole file
    statements    the steps of a thread
    names         names and expressions, as Python has them
    classes       what `threading` does not have: an rwlock, a pipe
"""
