"""One sentence for each thing that was found; terminal, JSON and pictures say the same."""

from deadsim.trace.finding import Access, ClaimBroken, Deadlock, Failed, Finding, Hold, Race, Wait


def count(number: int, noun: str) -> str:
    """Write a number with its noun: '1 step', '2 steps'."""
    ending = "" if number == 1 else "es" if noun.endswith("ch") else "s"
    return f"{number} {noun}{ending}"


def visible(text: str) -> str:
    """Show control characters instead of sending them to a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def listing(names: tuple[str, ...]) -> str:
    """Write names as a sentence lists them."""
    return " and ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else "".join(names)


def held(holds: tuple[Hold, ...]) -> str:
    """Say what a thread holds; empty where it holds nothing."""
    if not holds:
        return ""
    return "holds " + ", ".join(f"{hold.object} (line {hold.place.line})" for hold in holds)


def wanted(wait: Wait, kind: str = "") -> str:
    """Say what a thread waits for, and for whom."""
    waits = "waits" if wait.blocked else "will wait"
    place = f"(line {wait.place.line})"
    if wait.verb == "join":
        return f"{waits} for the end of {wait.object} {place}"
    if wait.wakers == (wait.thread,):
        return f"{waits} for {wait.object} {place}, which it holds itself"
    if not wait.wakers:
        return f"{waits} for {wait.object} {place}"
    ended = ", which never gives it back" if kind == "orphaned-lock" else ""
    return f"{waits} for {wait.object} {place}, held by {listing(wait.wakers)}{ended}"


def wait_sentence(wait: Wait, kind: str = "") -> str:
    """Say what a thread holds and what it waits for, without its name."""
    holding = held(wait.holds)
    return f"{holding}, {wanted(wait, kind)}" if holding else wanted(wait, kind)


def deadlock_title(found: Deadlock) -> str:
    """Name a deadlock in a few words."""
    first = found.waits[0]
    match found.kind:
        case "circular-wait":
            return f"circular wait of {count(len(found.threads), 'thread')}"
        case "self-deadlock":
            return f"self-deadlock: {first.thread} waits for itself"
        case "orphaned-lock":
            owner = listing(first.wakers)
            return f"orphaned lock: {owner} never gives {first.object} back"
        case "collateral":
            return f"{first.thread} waits for {first.object}, which never ends"
        case _:
            return f"{first.thread} waits for {first.object}, which nobody will ever release"


def place_of(step: int | None) -> str:
    """Say when something was found."""
    return "at the start" if step is None else f"after {count(step + 1, 'step')}"


def access_sentence(access: Access) -> str:
    """Describe one of two accesses that race."""
    does = "writes" if access.verb == "write" else "reads"
    locks = ", ".join(hold.object for hold in access.holds) or "nothing"
    return f"{does} it (line {access.place.line}, step {access.step}), holding {locks}"


def headline(found: Finding) -> str:
    """Say what was found, and when, in one line."""
    match found:
        case Deadlock():
            return f"DEADLOCK {place_of(found.step)}: {deadlock_title(found)}"
        case Race():
            first, second = found.accesses
            both = f"{first.thread} and {second.thread}"
            return f"RACE {place_of(found.step)}: {both} use {found.variable}, and nothing orders them"
        case Failed("invariant"):
            return f"INVARIANT broken {place_of(found.step)} (line {found.place.line}): {found.message}"
        case Failed("assertion"):
            return f"ASSERTION failed {place_of(found.step)}: {subject(found)} (line {found.place.line}): {found.message}"
        case Failed("misuse"):
            return f"MISUSE {place_of(found.step)}: {subject(found)} {found.message} (line {found.place.line})"
        case Failed():
            return f"ERROR {place_of(found.step)}: {subject(found)} (line {found.place.line}): {found.message}"
        case ClaimBroken():
            return f"{found.type.upper()} refuted (line {found.place.line}): {found.message}"


def subject(found: Failed) -> str:
    """Name the thread of a failure."""
    return found.thread or "the program"


def details(found: Finding) -> list[str]:
    """Explain what was found, thread by thread."""
    if isinstance(found, Deadlock):
        width = max(len(wait.thread) for wait in found.waits)
        rows = [f"{w.thread:<{width}}  {wait_sentence(w, found.kind)}" for w in found.waits]
        if found.also_stuck:
            rows.append(f"stuck because of it: {listing(found.also_stuck)}")
        if found.still_running:
            verb = "goes" if len(found.still_running) == 1 else "go"
            rows.append(f"not touched by it: {listing(found.still_running)} {verb} on")
        return rows
    if isinstance(found, Race):
        width = max(len(access.thread) for access in found.accesses)
        return [f"{a.thread:<{width}}  {access_sentence(a)}" for a in found.accesses]
    return []


def message(found: Finding) -> str:
    """Say all of it in one sentence, as JSON carries it."""
    match found:
        case Deadlock():
            parts = [f"{wait.thread} {wait_sentence(wait, found.kind)}" for wait in found.waits]
            return f"{deadlock_title(found)}: {'; '.join(parts)}"
        case Race():
            parts = [f"{a.thread} {access_sentence(a)}" for a in found.accesses]
            return f"nothing orders two uses of {found.variable}: {'; '.join(parts)}"
        case Failed("invariant"):
            return f"the invariant does not hold: {found.message}"
        case Failed("misuse"):
            return f"{subject(found)} {found.message}"
        case _:
            return found.message
