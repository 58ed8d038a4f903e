"""One sentence for each thing that was found; terminal, JSON and pictures say the same."""

from deadsim.model import primitives
from deadsim.model.claims import Fair
from deadsim.trace.finding import (
    Access,
    ClaimBroken,
    Deadlock,
    Failed,
    Finding,
    Hold,
    Livelock,
    Race,
    Wait,
)


def count(number: int, noun: str) -> str:
    """Write a number with its noun: '1 step', '2 steps'."""
    ending = "" if number == 1 else "es" if noun.endswith(("ch", "ss")) else "s"
    return f"{number:,} {noun}{ending}"


def visible(text: str) -> str:
    """Show control characters instead of sending them to a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def listing(names: tuple[str, ...]) -> str:
    """Write names as a sentence lists them."""
    return " and ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else "".join(names)


def at(mode: str | None, line: int, more: str = "") -> str:
    """Say in brackets in which mode, if any, and at which line."""
    return f"(line {line}{more})" if mode is None else f"({visible(mode)}, line {line}{more})"


def held(holds: tuple[Hold, ...]) -> str:
    """Say what a thread holds; empty where it holds nothing."""
    if not holds:
        return ""
    return "holds " + ", ".join(f"{hold.object} {at(hold.mode, hold.place.line)}" for hold in holds)


def in_mode(name: str, mode: str | None) -> str:
    """Name something with a mode in brackets, where there is one."""
    return f"{name} ({visible(mode)})" if mode else name


def others_of(wait: Wait) -> str:
    """List those for whom a thread waits, with the modes that they hold or have asked for."""
    modes = wait.met or ("",) * len(wait.wakers)
    return listing(tuple(map(in_mode, wait.wakers, modes)))


WANTED = {
    "owner": "for {}",
    "end": "for the end of {}",
    **{one.want: one.waits for one in primitives.WANTED.values()},
}

WANTS_OF = {one.want: one.unhelped for one in primitives.WANTED.values()}

HELP = {one.want: one.helps for one in primitives.WANTED.values()}


def wanted(wait: Wait, kind: str = "") -> str:
    """Say what a thread waits for, and for whom."""
    waits = "waits" if wait.blocked else "will wait"
    inside = ""
    if wait.finalizer is not None:
        inside = f", in its finalizer, which began at line {wait.finalizer.line}"
    where = at(wait.mode, wait.place.line, inside)
    about = f"{waits} {WANTED[wait.want].format(wait.object)} {where}"
    if wait.timeout is not None:
        about += f" for at most {wait.timeout} s"
    others = others_of(wait)
    if wait.taken and wait.wakers != (wait.thread,):
        never = ", which never gives it back" if kind == "orphaned-lock" else ""
        return f"{about}, {'held' if wait.want == 'unlock' else 'taken'} by {others}{never}"
    if kind == "self-deadlock" or wait.wakers == (wait.thread,):
        return f"{about}, which it holds itself"
    if not wait.wakers or wait.want == "end":
        return about
    if wait.want == "owner" and wait.ahead:
        return f"{about}, behind {others} in its queue"
    if wait.want == "owner":
        gives = "gives" if len(wait.wakers) == 1 else "give"
        ended = f", which never {gives} it back" if kind == "orphaned-lock" else ""
        return f"{about}, held by {others}{ended}"
    return (
        f"{about}, until {others} {third_person(wait.helps or HELP[wait.want], len(wait.wakers))}"
    )


def third_person(words: str, number: int) -> str:
    """Let a verb agree with how many do it."""
    if number == 1:
        return words
    if " or " in words:
        return " or ".join(third_person(part, number) for part in words.split(" or "))
    first, _, rest = words.partition(" ")
    return " ".join(filter(None, (first.removesuffix("s"), rest)))


def wait_sentence(wait: Wait, kind: str = "") -> str:
    """Say what a thread holds and what it waits for, without its name."""
    words = wanted(wait, kind)
    for one in wait.more:
        words += f"{',' if ', ' in words else ''} or {or_wanted(one)}"
    holding = held(wait.holds)
    return f"{holding}, {words}" if holding else words


def or_wanted(wait: Wait) -> str:
    """Say what a thread waits for as well."""
    return wanted(wait).removeprefix("waits ").removeprefix("will wait ")


def by_thread(waits: tuple[Wait, ...]) -> tuple[Wait, ...]:
    """Put together what each thread waits for, where that is one of several."""
    found: dict[str, Wait] = {}
    for wait in waits:
        first = found.get(wait.thread)
        more = wait._replace(holds=())
        found[wait.thread] = first._replace(more=(*first.more, more)) if first else wait
    return tuple(found.values())


def wait_briefly(wait: Wait) -> str:
    """Say in a few words what a thread waits for, and whose it is."""
    limit = f" ({wait.timeout} s)" if wait.timeout is not None else ""
    whose = f" <- {', '.join(wait.wakers)}" if wait.wakers and wait.want != "end" else ""
    end = "the end of " if wait.want == "end" else ""
    more = "".join(f" or {in_mode(one.object, one.mode)}" for one in wait.more)
    return f"waits for {end}{in_mode(wait.object, wait.mode)}{limit}{whose}{more}"


def deadlock_title(found: Deadlock, count_from: int = 0) -> str:
    """Name a deadlock in a few words; `count_from` is the number of the first step (pictures: 1)."""
    first = found.waits[0]
    if first.want in ("owner", "end"):  # of several that it waits for, what nobody provides
        others = (wait for wait in found.waits if wait.thread == first.thread)
        named = (wait for wait in others if WANTS_OF.get(wait.want) == found.kind)
        first = next(named, first)
    lost_at = None if found.lost_at is None else found.lost_at + count_from
    about = first.object
    match found.kind:
        case "circular-wait":
            return f"circular wait of {count(len(found.threads), 'thread')}"
        case "self-deadlock":
            if first.finalizer is not None:
                who = first.thread
                return f"self-deadlock: {who}'s finalizer (anywhere) takes {about} while {who} holds it"
            return f"self-deadlock: {first.thread} waits for itself"
        case "orphaned-lock":
            gives = "gives" if len(first.wakers) == 1 else "give"
            return f"orphaned lock: {listing(first.wakers)} never {gives} {about} back"
        case "leaked-permit":
            gone = tuple(name for name in first.wakers if name not in found.threads)
            unfinished = {*found.also_stuck, *found.still_running}
            ended = "never gives back" if unfinished.intersection(gone) else "ended with"
            return f"leaked permit: {listing(gone)} {ended} a permit of {about}"
        case "lost-wakeup":
            lost = f"the notify of step {lost_at} found nobody waiting"
            return f"lost wake-up: {lost}"
        case "missed-signal":
            return f"missed signal: {about} was set, and cleared by step {lost_at}, too early"
        case "wrong-waiter":
            taker = listing((found.taker or "", *found.others))
            took = f"went to {taker}, whose time had run out" if found.late else f"woke {taker}"
            return f"wrong waiter: the notify of step {lost_at} {took}"
        case "nested-monitor":
            one = next(wait for wait in found.waits if wait.want == "notify")
            return f"nested monitor: {one.thread} keeps a lock that its notifier needs"
        case "barrier-starvation":
            if first.want == "arrivals":
                return f"barrier starvation: {first.missing} more would have to arrive at {about}"
            more = count(first.missing, f"more {first.want}")
            return f"barrier starvation: {more} of {about} would have to come"
        case "peer-gone":
            does = PEERS.get(first.want, "put anything into")
            return f"the other side is gone: {nobody(found)} {does} {about}"
        case "missing-task-done":
            items = count(first.missing, "open item")
            who = "nobody has to" if found.finalizers else "nobody will"
            return f"missing task_done: {who} call it for all of the {items} of {about}"
        case "communication":
            return f"communication deadlock of {count(len(found.threads), 'thread')}"
        case "collateral":
            return f"{first.thread} waits for {about}, which never ends"
        case "never-signalled":
            does = NEVER[first.want]
            return f"{first.thread} waits for {about}, which {nobody(found)} {does}"


def nobody(found: Deadlock) -> str:
    """Say that nobody helps; a finalizer may, and never has to."""
    return "nobody has to" if found.finalizers else "nobody will ever"


PEERS = {"room": "take anything out of", "receive": "take what is offered to"}
"""What the other side does not do, where that is not to put something in."""

NEVER = {
    "owner": "release",
    "end": "end",
    **{one.want: one.never for one in primitives.WANTED.values()},
}


def place_of(step: int | None) -> str:
    """Say when something was found."""
    return "at the start" if step is None else f"after {count(step + 1, 'step')}"


def access_places(race: Race, file: str) -> list[str]:
    """Say of a race who accesses what where, and under which locks: sentences for pictures."""
    first, second = (
        f"{a.thread} {'writes' if a.verb == 'write' else 'reads'} {race.variable} at {file}:{a.place.line}"
        for a in race.accesses
    )
    one, other = (
        {in_mode(hold.object, hold.mode): None for hold in a.holds} for a in race.accesses
    )
    # Modes in which both hold a lock go together.
    plain = {hold.object for access in race.accesses for hold in access.holds if hold.mode is None}
    shared = [name for name in one if name in other and name in plain]
    common = f"common: {', '.join(shared)}" if shared else "no common lock"
    return [
        f"{first} and {second}: no happens-before path, {common}",
        f"locks held: {{{', '.join(one)}}} and {{{', '.join(other)}}}",
    ]


def access_sentence(access: Access) -> str:
    """Describe one of two accesses that race."""
    does = "writes" if access.verb == "write" else "reads"
    locks = ", ".join(in_mode(hold.object, hold.mode) for hold in access.holds) or "nothing"
    return f"{does} it (line {access.place.line}, step {access.step}), holding {locks}"


def headline(found: Finding) -> str:
    """Say what was found, and when, in one line."""
    match found:
        case Deadlock():
            if found.schedule is not None:
                return f"DEADLOCK predicted, in another schedule: {deadlock_title(found)}"
            if found.proof == "suspected":
                return f"DEADLOCK suspected, locks in opposite orders: {deadlock_title(found)}"
            return f"DEADLOCK {place_of(found.step)}: {deadlock_title(found)}"
        case Livelock():
            what = f"STARVATION of {found.victim}" if found.victim else "LIVELOCK"
            how = found.proof if found.fair is None else f"({FAIRLY[found.fair]})"
            return f"{what} {how} {place_of(found.step)}: {going_round(found)}"
        case Race():
            first, second = found.accesses
            both = f"{first.thread} and {second.thread}"
            return (
                f"RACE {place_of(found.step)}: {both} use {found.variable}, and nothing orders them"
            )
        case Failed("invariant"):
            return f"INVARIANT broken {place_of(found.step)} (line {found.place.line}): {found.message}"
        case Failed("assertion"):
            return f"ASSERTION failed {place_of(found.step)}: {subject(found)} (line {found.place.line}): {found.message}"
        case Failed("misuse"):
            return f"MISUSE {place_of(found.step)}: {subject(found)} {found.message} (line {found.place.line})"
        case Failed("timeout"):
            return f"TIMEOUT {place_of(found.step)}: {subject(found)} {found.message} (line {found.place.line})"
        case Failed():
            return f"ERROR {place_of(found.step)}: {subject(found)} (line {found.place.line}): {found.message}"
        case ClaimBroken():
            return f"{found.type.upper()} refuted (line {found.place.line}): {found.message}"


FAIRLY: dict[Fair, str] = {"weak": "weakly fair", "strong": "strongly fair"}

LEFT_OUT: dict[Fair, str] = {
    "weak": "no thread that stays able to move is left out",
    "strong": "no thread that is able to move again and again is left out",
}


def going_round(found: Livelock) -> str:
    """Say who goes round, and what makes it one for ever."""
    who = f"{listing(found.threads)} {'goes' if len(found.threads) == 1 else 'go'} round"
    if found.fair is not None:
        return f"{who}, and {LEFT_OUT[found.fair]}"
    if found.proof == "proved":
        return f"{who} for ever, and no schedule leads out"
    return f"{who}, the same state came {found.visits} times"


def subject(found: Failed) -> str:
    """Name the thread of a failure."""
    return found.thread or "the program"


def details(found: Finding) -> list[str]:
    """Explain what was found, thread by thread."""
    if isinstance(found, Deadlock):
        waits = by_thread(found.waits)
        width = max(len(wait.thread) for wait in waits)
        rows = [f"{w.thread:<{width}}  {wait_sentence(w, found.kind)}" for w in waits]
        rows += consequences(found)
        return rows
    if isinstance(found, Livelock) and found.wait is not None:
        return [f"{found.victim}  {wait_sentence(found.wait)}"]
    if isinstance(found, Race):
        width = max(len(access.thread) for access in found.accesses)
        return [f"{a.thread:<{width}}  {access_sentence(a)}" for a in found.accesses]
    return []


def consequences(found: Deadlock) -> list[str]:
    """Say what else there is to know of a deadlock: why, for whom, since when, and what is missing."""
    rows = []
    if found.used is not None and found.used_at is not None:
        rows.append(f"used up at step {found.used_at}: {found.taker} changes {found.used}")
    elif found.used is not None:
        rows.append(f"about to be used up: {found.taker} will change {found.used}")
    if found.rests_on:
        one = len(found.rests_on) == 1
        never = "never ends and never helps" if one else "never end and never help"
        rows.append(f"rests on this: {listing(found.rests_on)} {never}")
    if found.also_stuck:
        rows.append(f"stuck because of it: {listing(found.also_stuck)}")
    rows += unconcerned(found)
    if not found.settled:
        rows.append("not settled: who could help has neither ended nor blocked so far")
    if found.unavoidable_from == -1:
        rows.append("could never be avoided")
    elif found.unavoidable_from is not None:
        rows.append(f"could not be avoided from step {found.unavoidable_from} on")
    if found.proof == "relaxed":
        rows.append(
            "known by: relaxed progress (nobody gets there even if nothing is ever taken away)"
        )
    elif found.covered:
        rows.append("known by: every continuation was looked at")
    if found.finalizers:
        whose = "the finalizer" if len(found.finalizers) == 1 else "the finalizers"
        has = "has" if len(found.finalizers) == 1 else "have"
        rows.append(
            f"could help: {whose} of {listing(found.finalizers)}, which never {has} to begin"
        )
    if found.ways:
        rows.append(f"ways: {count(found.ways, 'other state')} in which the same threads get stuck")
    if found.hint:
        rows.append(f"hint: {found.hint}")
    if found.proof != "suspected":
        rows.append(f"see: deadsim explain {found.kind}")
    return rows


def unconcerned(found: Deadlock) -> list[str]:
    """Say who is neither a part of a deadlock nor stuck because of it."""
    rows = []
    others = {*found.waiting_too, *found.unknown}
    moving = tuple(name for name in found.still_running if name not in others)
    if found.waiting_too:
        waits = "waits" if len(found.waiting_too) == 1 else "wait"
        rows.append(f"not because of it: {listing(found.waiting_too)} {waits} for ever too")
    if moving:
        rows.append(f"still {'runs' if len(moving) == 1 else 'run'}: {listing(moving)}")
    if found.unknown:
        blocked = "is blocked" if len(found.unknown) == 1 else "are blocked"
        rows.append(f"whether for ever is not known: {listing(found.unknown)} {blocked}")
    return rows


def brief_title(found: Finding) -> str:
    """Name a finding in a few words, for pictures: steps are counted from 1."""
    match found:
        case Deadlock():
            return deadlock_title(found, 1)
        case Race():
            first, second = found.accesses
            return (
                f"{first.thread} and {second.thread} use {found.variable}, and nothing orders them"
            )
        case _:
            return message(found)


def message(found: Finding) -> str:
    """Say all of it in one sentence, as JSON carries it."""
    match found:
        case Deadlock():
            each = by_thread(found.waits)
            parts = [f"{wait.thread} {wait_sentence(wait, found.kind)}" for wait in each]
            return f"{deadlock_title(found)}: {'; '.join(parts)}"
        case Livelock():
            waits = f"; {found.victim} {wait_sentence(found.wait)}" if found.wait else ""
            starved = f"{found.victim} is starved: " if found.victim else ""
            return f"{starved}{going_round(found)}{waits}"
        case Race():
            parts = [f"{a.thread} {access_sentence(a)}" for a in found.accesses]
            return f"nothing orders two uses of {found.variable}: {'; '.join(parts)}"
        case Failed("invariant"):
            return f"the invariant does not hold: {found.message}"
        case Failed("misuse") | Failed("timeout"):
            return f"{subject(found)} {found.message}"
        case _:
            return found.message
