"""What asks something shared how it is, as text for the programs that do.

Where Python has no public way to be asked, what it keeps for itself is looked at.
"""

LOCKED = '''
def ask_locked(lock):
    """Tell whether anybody holds a lock."""
    if hasattr(lock, "holders"):
        return bool(lock.holders)
    if hasattr(lock, "readers"):
        return lock.writer is not None or bool(lock.readers)
    return lock.locked() if hasattr(lock, "locked") else repr(lock).startswith("<locked")
'''

QSIZE = '''
def ask_qsize(channel):
    """Count the items of a queue or pipe."""
    return channel.qsize() if hasattr(channel, "qsize") else len(channel.items)
'''

EMPTY = '''
def ask_empty(queue_):
    """Tell whether a queue has no item."""
    return queue_.empty()
'''

FULL = '''
def ask_full(queue_):
    """Tell whether a queue has no room."""
    return queue_.full()
'''

VALUE = '''
def ask_value(counter):
    """Give the permits of a semaphore, or what is left of a latch."""
    return counter.count if hasattr(counter, "count") else counter._value
'''

IS_SET = '''
def ask_is_set(event):
    """Tell whether an event is set."""
    return event.is_set()
'''

FINISHED = '''
def ask_finished(name, index=None):
    """Tell whether a thread has ended, or all of an array have."""
    return all(thread.ident is not None and not thread.is_alive() for thread in note(name, index))
'''

WAITING = '''
def ask_waiting(meeting):
    """Count those who wait for a condition, an event or a barrier."""
    if hasattr(meeting, "n_waiting"):
        return meeting.n_waiting
    return len(getattr(meeting, "_cond", meeting)._waiters)
'''

BROKEN = '''
def ask_broken(barrier):
    """Tell whether a barrier is broken."""
    return barrier.broken
'''

QUESTIONS = {
    "locked": LOCKED,
    "qsize": QSIZE,
    "empty": EMPTY,
    "full": FULL,
    "value": VALUE,
    "is_set": IS_SET,
    "finished": FINISHED,
    "waiting": WAITING,
    "broken": BROKEN,
}

LOCKED_IN_TURN = '''
def ask_locked(lock):
    """Tell whether anybody holds a lock."""
    if hasattr(lock, "holders"):
        return bool(lock.holders)
    if hasattr(lock, "readers"):
        return lock.writer is not None or bool(lock.readers)
    return lock.owner is not None
'''

IS_SET_IN_TURN = '''
def ask_is_set(event):
    """Tell whether an event is set."""
    return event.is_set
'''

FINISHED_IN_TURN = '''
def ask_finished(name, index=None):
    """Tell whether a thread has ended, or all of an array have."""
    found = [thread for thread in note(name, index) if thread.ident is not None]
    for thread in found if turn.scheduled else ():
        thread.join(0.2)  # that it has ended is known a moment after its last step
    return len(found) == len(note(name, index)) and not any(thread.is_alive() for thread in found)
'''

WAITING_IN_TURN = '''
def ask_waiting(meeting):
    """Count those who wait for a condition, an event or a barrier."""
    return len(meeting.arrived if hasattr(meeting, "arrived") else meeting.waiters)
'''

IN_TURNS = {
    "locked": LOCKED_IN_TURN,
    "is_set": IS_SET_IN_TURN,
    "finished": FINISHED_IN_TURN,
    "waiting": WAITING_IN_TURN,
}
"""Those that are asked of what takes its turns itself (`forced`)."""
