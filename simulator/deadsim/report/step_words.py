"""What a step did, in a few words: briefly for tables, as the rest of a sentence for pictures."""

from deadsim.kernel.world import World
from deadsim.model.primitives import ASKED
from deadsim.report.sentences import visible
from deadsim.trace.event import Event


def brief(world: World, event: Event) -> str:
    """Say what a step did: `+` granted, `-` given back, `^` the first step of a finalizer."""
    name = named(world, event)
    if event.begins:
        return "^ begins" if stands(event) else f"^ {brief(world, event._replace(choice=None))}"
    match event.verb:
        case "acquire" | "release" if event.success and is_signal(world, event):
            return f"passes {name}" if event.verb == "acquire" else f"signals {name}"
        case "acquire":
            if event.phase == "begin":
                return f"queues for {name}"
            if is_victim(event):
                return f"victim at {name}"
            return f"+ {name}" if event.success else f"cannot get {name}"
        case "wait":
            if event.phase == "begin":
                return f"waits: {name}"
            if not event.success and world.kind(event.objects[0]) == "barrier":
                return f"finds {name} broken" if event.effect.takes else f"breaks {name}"
            if not event.success:
                return f"gives up on {name}"
            return f"passes {name}" if event.phase is None else f"goes on: {name}"
        case "shutdown":
            return f"shuts {name} down"
        case "leave":
            return f"leaves {name}"
        case "anywhere":
            return "begins"
        case "send" if event.success and event.phase is not None:
            return f"offers to {name}" if event.phase == "begin" else f"goes on: {name}"
        case "put" | "send" | "get" | "receive" | "join" if not event.success:
            return f"cannot {event.verb}: {name}"
        case "get" | "receive":
            return f"{event.verb} {name}: {event.value!r}"
        case "release":
            if gives_nothing(event):
                return f"gave back {name}"
            return f"- {name}" if event.success else f"release {name}"
        case "read":
            return f"{name} is {event.value!r}"
        case "write":
            return f"writes {name}"
        case "step":
            return visible(event.text or "")
        case "print":
            return f"prints {event.text!r}"
        case "choose":
            return f"chooses {event.value!r}"
        case "atomic":
            names = [world.entities[number].name for number in event.objects]
            return f"atomic: {', '.join(str(name) for name in names)}" if names else "atomic"
        case "select":
            return "takes no branch"
        case verb if verb in ASKED:
            return f"{verb}({name}): {event.value!r}"
        case verb:
            return f"{verb} {name}" if name else verb


def named(world: World, event: Event) -> str | None:
    """Name what a step was about, with the mode of a lock that has them."""
    name = world.about(event.objects)
    if event.text is not None and event.verb in ("acquire", "release"):
        return f"{name} ({visible(event.text)})"
    return name


def stands(event: Event) -> bool:
    """Decide whether a finalizer has begun, and its first step had to wait."""
    return event.begins and event.phase == "begin" and not event.success


def is_signal(world: World, event: Event) -> bool:
    """Decide whether a step was about a semaphore whose permits nobody owns."""
    return not world.signals.isdisjoint(event.objects)


def is_victim(event: Event) -> bool:
    """Decide whether a thread failed as the victim of a deadlock: one that only gave up has a result."""
    return event.verb == "acquire" and not event.success and event.value is None


def gives_nothing(event: Event) -> bool:
    """Decide whether a release only stood on the way out of a victim, which has given back all by then."""
    return event.success and not event.effect.releases


THIRD = {
    "notify": "notifies {}",
    "notify_all": "notifies all who wait on {}",
    "set": "sets {}",
    "clear": "clears {}",
    "count_down": "counts {} down",
    "abort": "aborts {}",
    "reset": "resets {}",
    "put": "puts an item into {}",
    "send": "sends an item into {}",
    "task_done": "calls task_done of {}",
    "shutdown": "shuts {} down",
    "join": "joins {}",
    "start": "starts {}",
    "close": "closes {}",
    "write": "writes {}",
    "sleep": "has slept",
    "yield": "yields",
    "leave": "leaves its wait for {}",
    "anywhere": "begins its finalizer",
}
"""What a step that is not told otherwise did, in the third person."""


def deed(world: World, event: Event) -> str:
    """Say what a step did, as what follows the thread's name in a sentence."""
    name = named(world, event)
    if stands(event):
        return f"begins its finalizer, which has to wait for {name}"
    if event.begins:
        return f"{deed(world, event._replace(choice=None))}, with which its finalizer begins"
    match event.verb:
        case "acquire" | "release" if event.success and is_signal(world, event):
            return f"passes {name}" if event.verb == "acquire" else f"signals {name}"
        case "acquire":
            if event.phase == "begin":
                return f"queues for {name}"
            if is_victim(event):
                return f"is the victim of a deadlock at {name}, and gives back all it holds of such locks"
            return f"acquires {name}" if event.success else f"does not get {name}"
        case "release":
            if gives_nothing(event):
                return f"passes the release of {name}, which it gave back as a victim"
            return f"releases {name}" if event.success else f"wants to release {name}"
        case "wait":
            if event.phase == "begin":
                return f"begins to wait on {name}"
            if not event.success and world.kind(event.objects[0]) == "barrier":
                return (
                    f"finds {name} broken" if event.effect.takes else f"breaks {name}, out of time"
                )
            if not event.success:
                return f"stops waiting on {name}"
            return f"passes {name}" if event.phase is None else f"goes on after waiting on {name}"
        case "send" if event.success and event.phase is not None:
            return (
                f"offers an item to {name}"
                if event.phase == "begin"
                else f"goes on, its item in {name} received"
            )
        case "put" | "send" | "get" | "receive" | "join" | "start" | "task_done" if (
            not event.success
        ):
            return f"tries to {event.verb} {name}, in vain"
        case "get" | "receive":
            return f"takes {event.value!r} out of {name}"
        case "read":
            return f"reads {name}: {event.value!r}"
        case "choose":
            return f"chooses {event.value!r}"
        case "print":
            return f"prints {event.text!r}"
        case "step":
            return visible(event.text or "")
        case "atomic":
            names = [world.name(number) for number in event.objects]
            return (
                f"does one atomic step on {', '.join(names)}" if names else "does one atomic step"
            )
        case "select":
            return "takes none of its branches"
        case verb if verb in ASKED:
            return f"asks {verb}({name}): {event.value!r}"
        case verb:
            return THIRD[verb].format(name)
