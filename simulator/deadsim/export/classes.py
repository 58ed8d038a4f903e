"""What `threading` does not have, as text for the programs that need it."""

from deadsim.export import mode_lock
from deadsim.model import objects

RWLOCK = '''
class RWLock:
    """Many readers, or one writer."""

    def __init__(self, prefer_writers=False):
        self.changed = threading.Condition()
        self.prefer_writers = prefer_writers
        self.readers = []
        self.writer = None
        self.queued = 0

    def acquire(self, mode, blocking=True, timeout=None):
        me = threading.current_thread()
        writes = mode == "write"

        def free():
            if writes:
                return self.writer is None and not self.readers
            return self.writer is None and not (self.prefer_writers and self.queued)

        with self.changed:
            if not blocking and not free():
                return False
            self.queued += writes
            try:
                if not self.changed.wait_for(free, timeout):
                    return False
            finally:
                self.queued -= writes
            if writes:
                self.writer = me
            else:
                self.readers.append(me)
            return True

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
            self.release()
'''

PIPE = '''
class Pipe:
    """A one-way pipe that carries items."""

    def __init__(self, capacity):
        self.changed = threading.Condition()
        self.capacity = capacity
        self.items = []
        self.closed = set()

    def send(self, item):
        with self.changed:
            self.changed.wait_for(lambda: self.closed or len(self.items) < self.capacity)
            if self.closed:
                raise BrokenPipeError("the pipe is closed")
            self.items.append(item)
            self.changed.notify_all()

    def receive(self):
        """Give an item and true; at the end None and false."""
        with self.changed:
            if "read" in self.closed:
                raise BrokenPipeError("the pipe is closed")
            self.changed.wait_for(lambda: self.items or self.closed)
            if "read" in self.closed:
                raise BrokenPipeError("the pipe is closed")
            if not self.items:
                return None, False
            item = self.items.pop(0)
            self.changed.notify_all()
            return item, True

    def close(self, end):
        with self.changed:
            self.closed.add(end)
            self.changed.notify_all()
'''

CHANNEL = '''
class Channel:
    """A one-way pipe without room: who sends waits until somebody has received the item."""

    def __init__(self):
        self.changed = threading.Condition()
        self.offers = []
        self.closed = set()

    def send(self, item):
        offer = [item]
        with self.changed:
            self.begin(offer)
            self.end(offer)

    def begin(self, offer):
        if self.closed:
            raise BrokenPipeError("the pipe is closed")
        self.offers.append(offer)
        self.changed.notify_all()

    def end(self, offer):
        def stands():
            return any(one is offer for one in self.offers)

        self.changed.wait_for(lambda: not stands() or "read" in self.closed)
        if stands():
            self.offers[:] = [one for one in self.offers if one is not offer]
            raise BrokenPipeError("the pipe is closed")

    def receive(self):
        """Give an item and true; at the end None and false."""
        with self.changed:
            self.changed.wait_for(lambda: self.offers or self.closed)
            if "read" in self.closed:
                raise BrokenPipeError("the pipe is closed")
            if not self.offers:
                return None, False
            item = self.offers.pop(0)[0]
            self.changed.notify_all()
            return item, True

    def close(self, end):
        with self.changed:
            self.closed.add(end)
            self.changed.notify_all()
'''

CHANNEL_IN_TURNS = CHANNEL.replace(
    """        with self.changed:
            self.begin(offer)
            self.end(offer)
""",
    """        with turn, self.changed:
            self.begin(offer)
        with turn, self.changed:
            self.end(offer)
""",
)

LATCH = '''
class Latch:
    """A count that only goes down; whoever waits goes on once it has come to zero."""

    def __init__(self, count):
        self.changed = threading.Condition()
        self.count = count

    def count_down(self, count=1):
        if count < 1:
            raise ValueError("a latch counts down by 1 or more")
        with self.changed:
            self.count = max(0, self.count - count)
            self.changed.notify_all()

    def wait(self, timeout=None):
        with self.changed:
            return self.changed.wait_for(lambda: not self.count, timeout)
'''

DEEPER = '''
RECURSION = {most}
calls = threading.local()


def deeper(procedure):
    """Let a procedure call itself, while no more than RECURSION such calls are open."""

    def call(*given):
        depth = getattr(calls, "depth", 0)
        if depth == RECURSION:
            raise RecursionError(f"{{RECURSION}} calls are open")
        calls.depth = depth + 1
        try:
            procedure(*given)
        finally:
            calls.depth = depth

    return call
'''

JOIN_QUEUE = '''
def join_queue(waited_for, timeout):
    """Wait until all items of a queue are dealt with; tell whether they are."""
    with waited_for.all_tasks_done:
        return waited_for.all_tasks_done.wait_for(lambda: not waited_for.unfinished_tasks, timeout)
'''

SHUTDOWN = '''
if not hasattr(queue, "ShutDown"):  # Python has it from 3.13 on

    class ShutDown(Exception):
        """Raised where a queue was shut down."""

    class Shutting:
        """What a queue that can be shut down does more."""

        is_shutdown = False

        def put(self, item, block=True, timeout=None):
            if not block:
                timeout = 0
            with self.mutex:
                room = self.not_full.wait_for(
                    lambda: self.is_shutdown or not 0 < self.maxsize <= self._qsize(), timeout
                )
                if self.is_shutdown:
                    raise queue.ShutDown
                if not room:
                    raise queue.Full
                self._put(item)
                self.unfinished_tasks += 1
                self.not_empty.notify()

        def get(self, block=True, timeout=None):
            if not block:
                timeout = 0
            with self.mutex:
                there = self.not_empty.wait_for(lambda: self.is_shutdown or self._qsize(), timeout)
                if self.is_shutdown and not self._qsize():
                    raise queue.ShutDown
                if not there:
                    raise queue.Empty
                item = self._get()
                self.not_full.notify()
                return item

        def shutdown(self, immediate=False):
            with self.mutex:
                self.is_shutdown = True
                while immediate and self._qsize():
                    self._get()
                    self.unfinished_tasks = max(0, self.unfinished_tasks - 1)
                self.all_tasks_done.notify_all()
                self.not_empty.notify_all()
                self.not_full.notify_all()

    queue.ShutDown = ShutDown
    for name in ("Queue", "LifoQueue", "PriorityQueue"):
        setattr(queue, name, type(name, (Shutting, getattr(queue, name)), {}))
'''

CLASSES: dict[type, str] = {
    objects.Pipe: PIPE,
    objects.Latch: LATCH,
    objects.RWLock: RWLOCK,
    objects.ModeLock: mode_lock.PLAIN,
}
"""What is written out, by what it stands for."""
