"""Canaries: defects that are planted one at a time where all claims hold, to see whether the claims find them."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from deadsim.engine.interrupts import Interrupt
from deadsim.engine.pool import Pool
from deadsim.exploration.budget import MEMORY, SECONDS, STATES, Budget
from deadsim.exploration.explorer import Request, explore
from deadsim.exploration.states.stateful_search import Reduce, Stateful
from deadsim.exploration.verdicts.judgement import judged
from deadsim.exploration.verdicts.result import Canaries, Canary, Exploration, Judged
from deadsim.kernel.system import System
from deadsim.language.mutants import Mutants
from deadsim.model.program import Limits, Program

NOT_PLANTED = {
    "refuted": "its claims do not hold",
    "undecided": "it is undecided whether its claims hold",
}

NOWHERE = "it has no release, no two neighbouring acquires and no signal"


def plant(
    found: Exploration,
    pool: Pool,
    request: Request,
    interrupt: Interrupt | None = None,
    look: Callable[[Budget], None] | None = None,
) -> Exploration:
    """Plant defects in a scenario that was explored, and say which of them its claims find.

    What exploring has left of the seconds is shared out among them; verdict and claims stay as they are.
    """
    if found.verdict != "as-expected" or found.interrupted:
        why = NOT_PLANTED.get(found.verdict, "interrupted")
        return found._replace(canaries=Canaries((), why))
    asked = [claim.key for claim in found.claims if claim.asked]
    clock = Budget(seconds=request.limits.seconds or found.program.limits.seconds or SECONDS)
    clock.seconds -= found.seconds
    mutants = Mutants(found.program)
    planted = []
    for number, edit in enumerate(mutants.edits):
        stopped = interrupt is not None and interrupt.asked
        left = clock.seconds - clock.elapsed()
        known: Verdict | None = Verdict(None, None)
        if left > 0 and not stopped:
            mutant = mutants.with_edit(edit)
            share = left / (len(mutants.edits) - number)
            trial = _Trial(pool, request, asked, share, interrupt, look)
            known = None if mutant is None else trial.decide(mutant)
        if known is not None:
            planted.append(Canary(edit.place, edit.kind, edit.steps, *known))
    return found._replace(
        canaries=Canaries(tuple(planted), None if planted else NOWHERE),
        interrupted=interrupt is not None and interrupt.asked,
    )


class Verdict(NamedTuple):
    """Whether a claim no longer holds (None: not decided), and which."""

    found: bool | None
    claim: str | None


class _Trial:
    """Decides whether a scenario with a defect in it breaks a claim."""

    def __init__(
        self,
        pool: Pool,
        request: Request,
        asked: Sequence[str],
        seconds: float,
        interrupt: Interrupt | None,
        look: Callable[[Budget], None] | None,
    ) -> None:
        self.pool, self.request, self.asked = pool, request, asked
        self.seconds, self.interrupt, self.look = seconds, interrupt, look

    def decide(self, program: Program) -> Verdict:
        """Hold the claims against all states, without a witness."""
        own, scenario = self.request.limits, program.limits
        budget = Budget(
            own.states or scenario.states or STATES,
            self.seconds,
            own.memory or scenario.memory or MEMORY,
            own.steps or scenario.steps,
            interrupt=self.interrupt,
        )
        budget.look = self.look
        system = System(program)
        reduce: Reduce = "never" if self.request.reduction == "none" else "late"
        search = Stateful(system, self.asked, budget, reduce=reduce)
        search.decide()
        racy = frozenset(map(system.world.name, search.racy))
        known = verdict(list(judged(program, self.asked, search.known, racy, (), False)))
        if known.found is None and search.complete:
            # Which kind of deadlock it is, the ways to all of them have to tell.
            limits = Limits(
                budget.steps, budget.states, None, self.seconds - budget.elapsed(), budget.memory
            )
            claims = frozenset(("deadlock",))
            again = Request(claims, limits, reduction=self.request.reduction)
            if limits.seconds and limits.seconds > 0:
                result = explore(program, self.pool, again, self.interrupt, self.look)
                return verdict([claim for claim in result.claims if claim.asked])
        return known


def verdict(claims: Sequence[Judged]) -> Verdict:
    """Say whether one of some claims does not hold."""
    asked = [claim for claim in claims if claim.asked]
    broken = next((claim.key for claim in asked if claim.holds is False), None)
    if broken is not None:
        return Verdict(True, broken)
    return Verdict(None if any(claim.holds is None for claim in asked) else False, None)
