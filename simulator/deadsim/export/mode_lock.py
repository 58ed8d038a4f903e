"""Locks that are held in modes, as an exported program has them: plain, and with each step in its turn."""

_WAITS = '''
class Victim(Exception):
    """A thread that waited in a circle has given back all that it held."""


class ModeLock:
    """A lock that is held in modes, of which some conflict; with `victims` a circle of waits is broken."""

    changed = threading.Condition()
    breakable = []
    asking = {}

    def __init__(self, modes, queue=False, victims=False):
        self.modes = modes
        self.queue = queue
        self.victims = victims
        self.holders = []
        self.queued = []
        if victims:
            self.breakable.append(self)

    def ahead(self, me, mode):
        """List whom a request waits for."""
        found = [one for one, held in self.holders if one is not me and held in self.modes[mode]]
        if self.queue and not any(one is me for one, _ in self.holders):
            for one, asked in self.queued:
                if one is me:
                    break
                if asked in self.modes[mode]:
                    found.append(one)
        return found

    def on_circle(self, me):
        """Tell whether a thread waits in a closed circle of threads that wait for such locks."""
        seen, front = set(), [me]
        while front:
            one = front.pop()
            lock, mode = self.asking.get(one, (None, None))
            for other in lock.ahead(one, mode) if lock else ():
                if other is me:
                    return True
                if other not in seen:
                    seen.add(other)
                    front.append(other)
        return False

    def enter(self, me, mode):
        self.holders.append((me, mode))
        self.changed.notify_all()
        return True

    def give_up(self, me):
        """Give back all that a thread holds of such locks, as the victim."""
        for lock in self.breakable:
            lock.holders = [one for one in lock.holders if one[0] is not me]
            lock.queued = [one for one in lock.queued if one[0] is not me]
        self.changed.notify_all()
        raise Victim("the victim of a deadlock")

    def wait(self, me, mode, timeout):
        """Wait for a mode that cannot be had at once."""
        if self.victims:
            self.asking[me] = self, mode
            self.changed.notify_all()
        try:
            done = self.changed.wait_for(
                lambda: not self.ahead(me, mode) or self.on_circle(me), timeout
            )
            if not done:
                return False
            return self.enter(me, mode) if not self.ahead(me, mode) else self.give_up(me)
        finally:
            self.asking.pop(me, None)
            self.queued = [one for one in self.queued if one[0] is not me]
            self.changed.notify_all()

'''

_RELEASE = '''\
    def release(self, mode=None, leaving=False):
        """Give a mode back; who is `leaving` as a victim has done so already."""
        me = threading.current_thread()
        with self.changed:
            held = {one for holder, one in self.holders if holder is me}
            if mode is None and len(held) > 1:
                raise RuntimeError("released without a mode, though it is held in several")
            if mode is None and held:
                (mode,) = held
            if mode in held:
                self.holders.remove((me, mode))
                self.changed.notify_all()
            elif not leaving:
                raise RuntimeError("released by a thread that does not hold it")

'''

PLAIN = f"""{_WAITS}\
    def acquire(self, mode, blocking=True, timeout=None):
        me = threading.current_thread()
        with self.changed:
            if not self.ahead(me, mode):
                return self.enter(me, mode)
            if not blocking:
                return False
            if self.queue and timeout is None:
                self.queued.append((me, mode))
            return self.wait(me, mode, timeout)

{_RELEASE}\
    @contextlib.contextmanager
    def held(self, mode):
        self.acquire(mode)
        try:
            yield
        except BaseException as error:
            self.release(mode, isinstance(error, Victim))
            raise
        self.release(mode)
"""

IN_TURNS = f"""{_WAITS}\
    def acquire(self, mode, blocking=True, timeout=None):
        me = threading.current_thread()
        queues = self.queue and blocking and timeout is None
        with turn, self.changed:
            if not self.ahead(me, mode):
                return self.enter(me, mode)
            if turn.scheduled and not queues:
                if blocking and (timeout is None or turn.mine.choice == 1):
                    self.give_up(me)
                return False
            if not blocking:
                return False
            if queues:
                self.queued.append((me, mode))
            if not turn.scheduled:
                return self.wait(me, mode, timeout)
        with turn, self.changed:
            if not turn.scheduled:
                return self.wait(me, mode, None)
            self.queued = [one for one in self.queued if one[0] is not me]
            return self.enter(me, mode) if not self.ahead(me, mode) else self.give_up(me)

{_RELEASE}\
    @contextlib.contextmanager
    def held(self, mode):
        self.acquire(mode)
        try:
            yield
        except BaseException as error:
            with turn:
                self.release(mode, isinstance(error, Victim))
            raise
        with turn:
            self.release(mode)
"""
