"""Which of the deadlocks that were found are reported: one of each kind or shape, and no core twice."""

from collections.abc import Hashable

from deadsim.exploration.verdicts.goal import Goal, Shortest, rank
from deadsim.exploration.verdicts.identity import Named
from deadsim.exploration.verdicts.judgement import matches
from deadsim.model.claims import KindClaim


def reported(shown: Shortest, claim: KindClaim | None, every: bool) -> Shortest:
    """Choose of each kind (with `every`, of each shape) the deadlock with the best schedule.

    Where that has a core which is reported already, the next one is taken. One that is as the scenario
    claims comes first.
    """
    found = Shortest({goal: one for goal, one in shown.items() if goal.type != "deadlock"})
    deadlocks = [(goal, one) for goal, one in shown.items() if goal.type == "deadlock"]

    def order(one: tuple[Goal, object]) -> tuple[object, ...]:
        goal = one[0]
        claimed = claim is not None and matches(claim, name_of(goal))
        return (not claimed, rank(goal, shown[goal]))

    groups: set[Hashable] = set()
    cores: set[Hashable] = set()
    for goal, one in sorted(deadlocks, key=order):
        name = name_of(goal)
        group = name.shape if every else name.kind
        if group in groups or name.core in cores:
            continue
        groups.add(group)
        cores.add(name.core)
        found[goal] = one
    return found


def name_of(goal: Goal) -> Named:
    """Give what a goal says of its deadlock."""
    assert isinstance(goal.which, Named)
    return goal.which
