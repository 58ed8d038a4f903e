"""What a program needs that is forced into a schedule, as text: the turns, and primitives that take them.

A wait takes two turns or three, as in the scenario language; so `Condition`, `Event`, `Barrier`, `RWLock` and
`ModeLock` are written out here, and do otherwise what Python's do.
"""

from deadsim.export import mode_lock
from deadsim.model import objects

TURNS = '''
class Turn:
    """Lets threads take their steps in the order of SCHEDULE, and then as they come."""

    def __init__(self, schedule):
        self.coming = list(reversed(schedule))
        self.changed = threading.Condition()
        self.mine = threading.local()

    def __enter__(self):
        me = threading.current_thread().name
        with self.changed:
            self.changed.wait_for(lambda: not self.coming or self.coming[-1][0] == me)
            self.mine.scheduled = bool(self.coming)
            self.mine.choice = self.coming[-1][1] if self.coming else None
        return self

    def __exit__(self, *error):
        if self.mine.scheduled:
            self.mine.scheduled = False
            with self.changed:
                self.coming.pop()
                self.changed.notify_all()

    @property
    def scheduled(self):
        return self.mine.scheduled

    def at_most(self, seconds):
        """Wait for nothing as long as the schedule lasts: each step can be taken, or has given up."""
        return 0 if self.scheduled else seconds

    def pick(self, values):
        """Choose as the schedule says."""
        return values[self.mine.choice or 0] if self.scheduled else random.choice(values)


turn = Turn(SCHEDULE)


def read(get, *where):
    """Read a shared variable, in a turn."""
    with turn:
        return get(*where)


@contextlib.contextmanager
def held(lock):
    """Hold a lock: taken in one turn, given back in another."""
    with turn:
        lock.acquire()
    try:
        yield
    finally:
        with turn:
            lock.release()


class Lock:
    """A lock that knows its owner, or who took it last."""

    def __init__(self, reentrant=False, owned=True):
        self.owned = owned
        self.inner = threading.RLock() if reentrant else threading.Lock()
        self.owner = None
        self.depth = 0

    def acquire(self, blocking=True, timeout=-1):
        taken = self.inner.acquire(blocking, timeout)
        if taken:
            self.owner = threading.current_thread()
            self.depth += 1
        return taken

    def release(self):
        if self.owner is None or (self.owned and self.owner is not threading.current_thread()):
            raise RuntimeError("released by a thread that does not hold it")
        self.depth -= 1
        if not self.depth:
            self.owner = None
        self.inner.release()
'''

CONDITION = '''
class Condition:
    """A condition; to wait takes a turn to let the lock go, and one to take it back."""

    def __init__(self, lock=None):
        self.lock = lock or Lock(reentrant=True)
        self.acquire, self.release = self.lock.acquire, self.lock.release
        self.changed = threading.Condition()
        self.waiters = []

    def check(self):
        if self.lock.owner is not threading.current_thread():
            raise RuntimeError("the lock is not held")

    def wait(self, timeout=None):
        waiter = []
        with turn:
            self.check()
            self.waiters.append(waiter)
            depth = self.lock.depth
            for _ in range(depth):
                self.lock.release()
        woken = True
        with turn:
            if not turn.scheduled:
                with self.changed:
                    woken = self.changed.wait_for(lambda: waiter, timeout)
            elif not waiter:  # it gives up, or wakes unasked
                woken = timeout is None or turn.mine.choice == 1
            taken = turn.scheduled and bool(waiter)
            if taken:
                self.take_back(depth, waiter)
        if not taken:
            with turn:
                self.take_back(depth, waiter)
        return woken

    def take_back(self, depth, waiter):
        for _ in range(depth):
            self.lock.acquire()
        self.waiters[:] = [one for one in self.waiters if one is not waiter]

    def wait_for(self, predicate, timeout=None):
        found = predicate()
        while not found:
            woken = self.wait(timeout)
            found = predicate()
            if not woken:
                break
        return found

    def notify(self, count=1):
        self.check()
        with self.changed:
            for waiter in self.waiters[: max(0, count)]:
                waiter.append("notified")
            del self.waiters[: max(0, count)]
            self.changed.notify_all()

    def notify_all(self):
        self.notify(len(self.waiters))
'''

EVENT = '''
class Event:
    """An event; whoever waits goes on after the next `set`, whatever comes after it."""

    def __init__(self, is_set=False):
        self.is_set = is_set
        self.changed = threading.Condition()
        self.waiters = []

    def set(self):
        with self.changed:
            self.is_set = True
            for waiter in self.waiters:
                waiter.append("set")
            self.waiters.clear()
            self.changed.notify_all()

    def clear(self):
        self.is_set = False

    def wait(self, timeout=None):
        waiter = []
        with turn, self.changed:
            if self.is_set:
                return True
            self.waiters.append(waiter)
        with turn:
            if not turn.scheduled:
                with self.changed:
                    self.changed.wait_for(lambda: waiter, timeout)
            self.waiters[:] = [one for one in self.waiters if one is not waiter]
            return bool(waiter)
'''

BARRIER = '''
class Barrier:
    """A barrier; who comes while a round leaves takes a turn to come to the door, and one to come in."""

    def __init__(self, parties):
        self.parties = parties
        self.changed = threading.Condition()
        self.inside = []
        self.state = "fills"

    @property
    def arrived(self):
        return self.inside if self.state == "fills" else []

    @property
    def broken(self):
        return self.state == "broken"

    def shut(self):
        return self.state in ("leaves", "resets")

    def wait(self, timeout=None):
        me = threading.current_thread()
        with turn, self.changed:
            at_door = self.shut()
            if not at_door:
                order = self.enter(me)
        if at_door:
            with turn, self.changed:
                if not turn.scheduled:
                    self.changed.wait_for(lambda: not self.shut())
                order = self.enter(me)
        if order + 1 == self.parties:
            return order
        with turn, self.changed:
            if not turn.scheduled:
                self.changed.wait_for(lambda: self.state != "fills", timeout)
            return self.leave(me, order)

    def enter(self, me):
        if self.broken:
            raise threading.BrokenBarrierError
        order = len(self.inside)
        self.inside.append(me)
        if order + 1 == self.parties:
            self.state = "leaves"
            self.go(me)
        return order

    def leave(self, me, order):
        if self.state == "fills":  # its time is up
            self.state = "broken"
        goes = self.state == "leaves"
        self.go(me)
        if not goes:
            raise threading.BrokenBarrierError
        return order

    def go(self, me):
        self.inside.remove(me)
        if not self.inside and self.shut():
            self.state = "fills"
        self.changed.notify_all()

    def abort(self):
        with self.changed:
            self.state = "broken"
            self.changed.notify_all()

    def reset(self):
        with self.changed:
            if not self.inside:
                self.state = "fills"
            elif self.state != "leaves":
                self.state = "resets"
            self.changed.notify_all()
'''

RWLOCK = '''
class RWLock:
    """Many readers, or one writer; a writer that is preferred queues in a turn of its own."""

    def __init__(self, prefer_writers=False):
        self.changed = threading.Condition()
        self.prefer_writers = prefer_writers
        self.readers = []
        self.writer = None
        self.queued = []

    def free(self, mode):
        if mode == "write":
            return self.writer is None and not self.readers
        return self.writer is None and not (self.prefer_writers and self.queued)

    def enter(self, mode):
        me = threading.current_thread()
        if me in self.queued:
            self.queued.remove(me)
        if mode == "write":
            self.writer = me
        else:
            self.readers.append(me)
        return True

    def acquire(self, mode, blocking=True, timeout=None):
        me = threading.current_thread()
        with turn, self.changed:
            if self.free(mode):
                return self.enter(mode)
            if not blocking or (turn.scheduled and timeout is not None):
                return False
            if mode == "write":
                self.queued.append(me)
            if not turn.scheduled:
                if not self.changed.wait_for(lambda: self.free(mode), timeout):
                    self.queued.remove(me)
                    return False
                return self.enter(mode)
        with turn, self.changed:
            self.changed.wait_for(lambda: self.free(mode))
            return self.enter(mode)

    def release(self):
        me = threading.current_thread()
        with self.changed:
            if self.writer is me:
                self.writer = None
            elif me in self.readers:
                self.readers.remove(me)
            else:
                raise RuntimeError("released by a thread that does not hold it")
            self.changed.notify_all()

    @contextlib.contextmanager
    def held(self, mode):
        self.acquire(mode)
        try:
            yield
        finally:
            with turn:
                self.release()
'''

IN_TURNS: dict[type, str] = {
    objects.Condition: CONDITION,
    objects.Event: EVENT,
    objects.Barrier: BARRIER,
    objects.RWLock: RWLOCK,
    objects.ModeLock: mode_lock.IN_TURNS,
}
"""What takes its turns itself, by what it stands for."""
