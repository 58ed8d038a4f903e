"""What happened before a thread got stuck: the signal that came too early, or to somebody else."""

from collections.abc import Iterable, Sequence

from deadsim.trace.event import Event


def began(events: Sequence[Event], thread: int, number: int) -> int:
    """Give the step with which a thread joined the waiters of an object, or the end of the run."""
    for event in reversed(events):
        if event.thread == thread and event.objects[:1] == (number,) and event.phase == "begin":
            return event.step
    return len(events)


def lost_notify(events: Sequence[Event], thread: int, condition: int) -> int | None:
    """Find the last notify that found no waiter, before a thread began to wait."""
    begin = began(events, thread, condition)
    return _last(
        event.step
        for event in events[:begin]
        if condition in event.effect.signals and not event.effect.notified
    )


def stolen_notify(events: Sequence[Event], thread: int, condition: int) -> int | None:
    """Find the last notify that came while a thread waited, and went to others."""
    begin = began(events, thread, condition)
    return _last(
        event.step
        for event in events[begin + 1 :]
        if condition in event.effect.signals and event.effect.notified
    )


def out_of_time(events: Sequence[Event], notify: int) -> int | None:
    """Find a thread to which a notify went although its time had run out."""
    for thread in events[notify].effect.notified:
        last = next(event for event in reversed(events[:notify]) if event.thread == thread)
        if not last.effect.success:
            return thread
    return None


def missed_set(events: Sequence[Event], thread: int, number: int, is_set: bool) -> int | None:
    """Find the last `clear` of an event that had been set, before a thread began to wait.

    `is_set` says whether it began set.
    """
    begin = began(events, thread, number)
    lost: int | None = None
    for event in events[:begin]:
        if number in event.effect.signals:
            is_set = True
        elif number in event.effect.clears and is_set:
            lost, is_set = event.step, False
    return lost


def _last(steps: Iterable[int]) -> int | None:
    return max(steps, default=None)
