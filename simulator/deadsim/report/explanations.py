"""What each kind of defect is, the scenario that shows it with the least, and how it is mended."""

from typing import NamedTuple


class Explanation(NamedTuple):
    """A kind of defect; `example` and `fix` are scenarios that ship."""

    what: str
    example: str
    mend: str
    fix: str | None = None


EXPLANATIONS = {
    "deadlock": Explanation(
        "A thread, no daemon, can never take another step, whatever the others do.",
        "two_locks",
        "It depends on the kind of deadlock, which the report names: ask for that.",
        "dining_ordered",
    ),
    "self-deadlock": Explanation(
        "A thread waits for something that only it could give back.",
        "self_deadlock",
        "Do not take again what you hold, or make it reentrant; release a read lock before asking to write.",
        "release_before_write",
    ),
    "circular-wait": Explanation(
        "Each thread holds what the next one waits for, all the way round.",
        "two_locks",
        "Take locks in one order everywhere, and in the mode that is needed in the end. "
        "The report names the order, where it is proved.",
        "dining_ordered",
    ),
    "orphaned-lock": Explanation(
        "Whoever has a lock has ended, or runs on for ever, without giving it back, and nobody else can.",
        "orphaned_lock",
        "Take locks with `with`, which releases them however the body is left.",
    ),
    "leaked-permit": Explanation(
        "A thread has ended with a permit of a semaphore that another waits for.",
        "leaked_permit",
        "Take permits with `with`.",
        "permit_with",
    ),
    "lost-wakeup": Explanation(
        "A condition was notified before the thread came to wait, and nobody notifies it again.",
        "notify_before_wait",
        "Keep what has happened in a variable and wait until it says so.",
        "flag_under_lock",
    ),
    "missed-signal": Explanation(
        "An event was set and cleared again before the thread came to wait for it.",
        "pulse",
        "Leave an event set until nobody can come late.",
        "event_stays_set",
    ),
    "wrong-waiter": Explanation(
        "A notify went to a thread that could not use it, while the one that could sleeps on.",
        "wrong_waiter",
        "Use notify_all, or a condition for each thing that is waited for.",
        "notify_all",
    ),
    "never-signalled": Explanation(
        "A thread waits for what nobody will ever provide.",
        "forgotten_notify",
        "Notify, set or release on every way through the code that others wait for.",
    ),
    "nested-monitor": Explanation(
        "A thread waits on a condition, and keeps another lock that its notifier needs.",
        "nested_monitor",
        "Hold nothing but the condition's own lock while waiting.",
        "one_monitor",
    ),
    "barrier-starvation": Explanation(
        "Fewer can still come to a barrier, or count a latch down, than it waits for.",
        "one_short",
        "Make it for as many as come; let those who fail abort the barrier, or count down all the same.",
        "two_barriers",
    ),
    "peer-gone": Explanation(
        "The other side of a queue or pipe has gone, and a thread waits for its items or for room.",
        "one_none_for_two",
        "Send an end for each receiver; close the write end of a pipe when done.",
    ),
    "missing-task-done": Explanation(
        "A thread joins a queue, and not every item that was taken out is said to be done.",
        "missing_task_done",
        "Call task_done on every way after get: in a `finally`.",
    ),
    "communication": Explanation(
        "Threads wait for one another by signals or messages, not by locks.",
        "crossed_events",
        "Break the circle: announce before waiting, read before joining.",
        "read_before_join",
    ),
    "collateral": Explanation(
        "A thread is stuck behind others that are stuck by themselves, or go round for ever.",
        "behind_a_deadlock",
        "Mend the core that it is named with.",
    ),
    "livelock": Explanation(
        "A thread, no daemon, can come to run on for ever and never end, whatever happens; claimed with `fair`, "
        "also where others go on and another schedule would end it.",
        "spinlock_holder_gone",
        "Wait for what somebody is bound to provide, and let it be provided however the others end.",
    ),
    "starvation": Explanation(
        "A thread could go on, and others can keep it from it for ever, though nobody who can move is left out.",
        "rwlock_starved_writer",
        "Let those who come later wait for who waits already, or give the turn away by name.",
        "writer_preferred",
    ),
    "timeout": Explanation(
        "The time of a timed step runs out; told only where `expect` names it.",
        "timeout_as_last_resort",
        "Let what is waited for come for certain; with `timeouts: last` only those that nobody helps run out.",
    ),
    "race": Explanation(
        "Two accesses to a variable, at least one a write, that nothing orders.",
        "lost_update",
        "Put both under the same lock, or into one atomic step.",
        "lost_update_locked",
    ),
    "assertion": Explanation(
        "An `assert` is false under some schedule.",
        "if_instead_of_while",
        "Check what is assumed, and act on it, under one lock; look again after every wait.",
        "while_around_wait",
    ),
    "invariant": Explanation(
        "One of the `invariants` is false in some state.",
        "check_then_act",
        "Change what belongs together under one lock, or in one atomic step.",
    ),
    "misuse": Explanation(
        "A primitive is used against its contract, as Python would say with an exception.",
        "notify_without_lock",
        "Release what you hold, notify and wait with the condition's lock held, call task_done once an item.",
    ),
    "error": Explanation(
        "A thread ends by `raise`, by what a step raised (a broken pipe or barrier, a queue that was shut down, "
        "calls that go too deep), as the victim of a deadlock, or because it has run away.",
        "broken_pipe",
        "Close a pipe when everything is read; catch what may be raised; begin again what a victim had begun.",
    ),
}
