"""Who is stuck in a run of a program of which nothing is known beforehand, looked at step by step."""

from deadsim.detect.deadlocks.situation import Situation, Standing, Status, want_of
from deadsim.detect.holdings import Holdings, named
from deadsim.detect.stuck.wake_reduction import Reduction, wake_reduction
from deadsim.engine.moment import Moment
from deadsim.kernel.failure import Failure
from deadsim.kernel.operation import wanted
from deadsim.kernel.primitives.thread import ENDED, NEW
from deadsim.kernel.row import Row
from deadsim.kernel.world import World
from deadsim.trace.finding import Wait


class ReductionWatch:
    """Keeps who was stuck after the last step, for certain and as a suspicion, by name.

    `since` says after which step each of them was first found. Nothing is stopped by it.
    """

    def __init__(self) -> None:
        self.users: dict[int, frozenset[int]] = {}
        self.moment: Moment | None = None
        self.reduction = Reduction(frozenset(), frozenset())
        self.since: dict[str, int] = {}

    def after(self, moment: Moment, failures: tuple[Failure, ...]) -> bool:
        self.moment = moment
        result = moment.result
        if result is not None:
            for number in result.row.touches:
                self.users[number] = self.users.get(number, frozenset()) | {result.row.thread}
        blocked = [] if moment.over else moment.blocked
        self.reduction = wake_reduction(moment.objects, moment.enabled, blocked, self.users)
        for name in self.stuck | self.suspected:
            self.since.setdefault(name, moment.step)
        return False

    @property
    def stuck(self) -> set[str]:
        """Name who is stuck for certain."""
        return self.named(self.reduction.stuck)

    @property
    def suspected(self) -> set[str]:
        """Name who is suspected to be stuck."""
        return self.named(self.reduction.suspected)

    def named(self, threads: frozenset[int]) -> set[str]:
        """Give the names of threads."""
        return set() if self.moment is None else set(self.moment.world.names(sorted(threads)))

    def situation(self) -> Situation:
        """Describe how every thread stands."""
        assert self.moment is not None
        return standing_at(self.moment, Holdings(self.moment.events()))


def standing_at(moment: Moment, held: Holdings) -> Situation:
    """Describe how every thread stands at a moment, as far as announced steps say it."""
    world = moment.world
    blocked = {row.thread for row in moment.blocked}
    found = []
    for thread in world.threads:
        row, state = moment.rows[thread], moment.objects[thread]
        status: Status = "running"
        if state == NEW:
            status = "not started"
        elif state == ENDED or row is None:
            status = "finished"
        elif thread in blocked:
            status = "blocked"
        holds = named(world, held.of(thread))
        wait = None
        if row is not None and thread in blocked:
            wait = waiting(world, moment, row)._replace(holds=holds)
        place = None if row is None else row.place
        name, daemon = world.name(thread), world.is_daemon(thread)
        found.append(Standing(name, daemon, status, place, holds, wait))
    return Situation(tuple(found))


def waiting(world: World, moment: Moment, row: Row) -> Wait:
    """Describe what a blocked thread waits for."""
    operation = wanted(row.operation)
    assert operation is not None
    objects = tuple(moment.objects)
    needs = operation.needs(objects, row.thread)
    about = operation.about(objects, row.thread)
    return Wait(
        world.name(row.thread),
        row.verb,
        world.name(about),
        want_of(needs.facts, needs.owners, world.is_thread(about)),
        needs.amount,
        row.place,
        (),
        world.names(needs.owners or ()),
        True,
        row.operation.duration,
    )
