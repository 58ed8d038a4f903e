"""A deadlock in the user's own names: one description for a run, a replay and an exploration."""

from collections.abc import Collection, Sequence

from deadsim.detect.deadlocks.bystanders import bystanders
from deadsim.detect.deadlocks.cores import Core, find_cores
from deadsim.detect.deadlocks.finalizers import could_help
from deadsim.detect.deadlocks.hints import deeds, hint_for
from deadsim.detect.deadlocks.in_modes import asked, in_the_way, met
from deadsim.detect.deadlocks.situation import want_of
from deadsim.detect.deadlocks.wakers import Halt
from deadsim.detect.holdings import Holdings, named
from deadsim.detect.stuck.judge import StuckJudge
from deadsim.kernel.operation import wanted
from deadsim.kernel.primitives.modelock import Acquire
from deadsim.kernel.system import State
from deadsim.kernel.world import World
from deadsim.model.objects import RWLock
from deadsim.trace.event import Event
from deadsim.trace.finding import Deadlock, Wait


def describe_all(
    judge: StuckJudge,
    state: State,
    events: Sequence[Event],
    held: Holdings,
    threads: Collection[int],
    total: bool,
) -> tuple[Deadlock, ...]:
    """Describe each deadlock among `threads`, which stay where they are; `total` says that nothing can move."""
    cores = find_cores(judge.system, state, events, held, threads)
    members = {thread for core in cores for thread in core.threads}
    return tuple(
        describe(judge, state, events, held, core, threads, total, members) for core in cores
    )


def shown_wakers(
    world: World, state: State, core: Core, halt: Halt
) -> tuple[tuple[int, ...], bool]:
    """Give those for whom a thread waits, and whether they only stand ahead of it in the queue of an rwlock.

    Those who hold it are named, in modes that conflict, unless the circle goes on with one that stands ahead.
    """
    declared = world.declared(halt.number)
    request = wanted(halt.operation)
    if isinstance(request, Acquire):
        having = in_the_way(request, state.objects)
    elif isinstance(declared, RWLock):
        having = frozenset(state.objects[halt.number].owners())
    else:
        return halt.wakers, False
    holding = tuple(o for o in halt.wakers if o in having)
    after = dict(zip(core.cycle, (*core.cycle[1:], *core.cycle[:1]), strict=True)).get(halt.thread)
    if after is not None and after not in holding:
        return (after,), True
    return (holding, False) if holding else (halt.wakers, True)


def describe(
    judge: StuckJudge,
    state: State,
    events: Sequence[Event],
    held: Holdings,
    core: Core,
    threads: Collection[int],
    total: bool,
    members: Collection[int],
) -> Deadlock:
    """Describe one deadlock of a state: that with this core, of those who stay where they are.

    `members` are the threads of all cores.
    """
    system, world = judge.system, judge.system.world

    def waiting(halt: Halt) -> Wait:
        wakers, ahead = shown_wakers(world, state, core, halt)
        return Wait(
            world.name(halt.thread),
            halt.verb,
            halt.object,
            want_of(halt.facts, halt.owners, world.is_thread(halt.number)),
            halt.missing,
            halt.place,
            named(world, held.of(halt.thread)),
            world.names(wakers),
            True,
            taken=bool(halt.keepers),
            ahead=ahead,
            helps=deeds(system, halt),
            mode=asked(halt.operation),
            met=met(halt.operation, state.objects, wakers, ahead),
            finalizer=system.linked[halt.thread].interrupted(halt.position),
        )

    others = bystanders(judge, state, core, threads, members)
    astray = core.astray
    return Deadlock(
        kind=core.kind,
        proof="proved" if total else "relaxed",
        step=events[-1].step if events else None,
        threads=world.names(core.threads),
        objects=core.objects,
        waits=tuple(waiting(one) for halt in core.halts for one in halt.each),
        cycle=world.names(core.cycle),
        also_stuck=world.names(others.stuck),
        still_running=world.names(sorted((*others.waiting, *others.moving, *others.unknown))),
        lost_at=astray.step if astray is not None and astray.kind is not None else None,
        hint=hint_for(system, state, events, held, core),
        taker=None if astray is None or astray.taker is None else world.name(astray.taker),
        used_at=None if astray is None else astray.used_at,
        used=None if astray is None or astray.used is None else world.name(astray.used),
        late=astray is not None and astray.late,
        others=() if astray is None else world.names(astray.others),
        waiting_too=world.names(others.waiting),
        unknown=world.names(others.unknown),
        rests_on=world.names(core.rests_on),
        finalizers=world.names(could_help(system, state, core.halts)),
        leak=system.lasting.isdisjoint((*core.threads, *core.behind)),
    )
