"""What happened before a thread got stuck: a signal that came too early, went to somebody else, or was used up."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from deadsim.model.claims import DeadlockKind
from deadsim.trace.event import Event


class Astray(NamedTuple):
    """Why a signal does not reach who waits for it: the kind that this makes, and the step of the signal.

    Without a kind it did reach its goal, and was used up at the step `used_at`, by what was done to the
    object `used`. `taker` is the thread that had it, where the trace knows; `late` if its time had run out; `others` were
    woken too. `news` is what could still be used up.
    """

    kind: DeadlockKind | None
    step: int
    taker: int | None = None
    used_at: int | None = None
    used: int | None = None
    late: bool = False
    news: frozenset[int] = frozenset()
    others: tuple[int, ...] = ()


def began(events: Sequence[Event], thread: int, number: int) -> int:
    """Give the step with which a thread joined the waiters of an object, or the end of the run."""
    for event in reversed(events):
        if event.thread == thread and event.objects[:1] == (number,) and event.phase == "begin":
            return event.step
    return len(events)


def astray_notify(events: Sequence[Event], thread: int, condition: int, lock: int) -> Astray | None:
    """Find what became of the last notify that should have reached a thread which waits.

    The news of a notify is what its thread has written since its last one. A waiter that has tested
    some of it under the lock since has got it; if it waits all the same, it was used up.
    """
    begin = began(events, thread, condition)
    taken = _taken(events, thread, lock, begin)
    tested = _read(events, thread, taken, begin)
    for notify in reversed(events):
        if condition not in notify.effect.signals:
            continue
        woken = notify.effect.notified
        if thread in woken and notify.step > begin:
            continue
        news = _written(events, notify, condition)
        used = _used(events, notify, news & tested)
        if notify.step > begin:
            other = next(iter(woken), None)
            if other is None:
                continue
            late = _gave_up(events, notify, other, condition)
            wrong = Astray("wrong-waiter", notify.step, other, late=late, news=news & tested)
            return used or wrong._replace(others=tuple(woken[1:]))
        if used is not None:
            return used
        if not woken and not news & tested:
            return Astray("lost-wakeup", notify.step)
        return None
    return None


def missed_set(events: Sequence[Event], thread: int, number: int, is_set: bool) -> Astray | None:
    """Find the last `clear` of an event that had been set, before a thread began to wait.

    `is_set` says whether it began set. A set that the thread has gone through was not missed: it was used up.
    """
    begin = began(events, thread, number)
    found: Astray | None = None
    seen = False
    for event in events[:begin]:
        effect = event.effect
        if number in effect.signals:
            seen = seen and is_set
            is_set = True
        elif number in effect.clears and is_set:
            is_set = False
            if seen:
                found = Astray(None, event.step, event.thread, event.step, number)
            else:
                found = Astray("missed-signal", event.step, event.thread)
        elif (
            event.thread == thread and number in effect.takes
        ):  # it has waited, or asked and was told
            if event.phase == "end":
                found = None  # whatever came after the set that woke it
            seen = True
    return found


def given(events: Sequence[Event], number: int) -> Iterator[int]:
    """List who has given a permit of a semaphore, once for each time."""
    for event in events:
        if number in event.effect.gives:
            yield event.thread


def _gave_up(events: Sequence[Event], notify: Event, thread: int, condition: int) -> bool:
    """Decide whether the time of a waiter had run out when a notify went to it."""
    for event in reversed(events[: notify.step]):
        if event.thread == thread and event.objects[:1] == (condition,):
            return event.phase == "end" and not event.success
    return False


def _taken(events: Sequence[Event], thread: int, lock: int, begin: int) -> int:
    """Give the step with which a thread took a lock last before it began to wait."""
    for event in reversed(events[:begin]):
        effect = event.effect
        if event.thread == thread and (lock in effect.acquires or lock in effect.resumes):
            return event.step
    return -1


def _read(events: Sequence[Event], thread: int, after: int, before: int) -> frozenset[int]:
    """Give the variables that a thread has read between two steps."""
    return frozenset(
        variable
        for event in events[after + 1 : before]
        if event.thread == thread
        for variable in event.effect.reads
    )


def _written(events: Sequence[Event], notify: Event, condition: int) -> frozenset[int]:
    """Give the variables that a notifier has written since its last notify."""
    found: set[int] = set()
    for event in reversed(events[: notify.step]):
        if event.thread == notify.thread:
            if condition in event.effect.signals:
                break
            found.update(event.effect.writes)
    return frozenset(found)


def _used(events: Sequence[Event], notify: Event, news: frozenset[int]) -> Astray | None:
    """Find who has written over the news since."""
    for event in reversed(events[notify.step + 1 :]):
        written = news.intersection(event.effect.writes)
        if written:
            return Astray(None, notify.step, event.thread, event.step, min(written))
    return None
