"""The whole Python program of a scenario."""

import itertools
import re
from collections.abc import Iterable
from collections.abc import Sequence as Sequence_

from deadsim.export import finalizers
from deadsim.export import forced as forcing
from deadsim.export.classes import CHANNEL, CHANNEL_IN_TURNS, CLASSES, DEEPER, JOIN_QUEUE, SHUTDOWN
from deadsim.export.failures import Classes
from deadsim.export.names import Names, identifier
from deadsim.export.questions import IN_TURNS, QUESTIONS
from deadsim.export.select import FIRST_OF, FIRST_OF_IN_TURNS
from deadsim.export.statements import Body, Procedure, Shared
from deadsim.export.turns import TurnBody, TurnNames
from deadsim.language.checks.form import is_null
from deadsim.language.expressions.names import clean, declared
from deadsim.language.reading.document import Mapping as Map
from deadsim.language.reading.document import Node, Scalar, Sequence, decode, parse
from deadsim.model import objects
from deadsim.model.objects import SharedObject
from deadsim.model.primitives import PRIMITIVES
from deadsim.model.program import RECURSION, Choice, Program

HEAD = '''\
{title}
{about}
Written by `deadsim export`. {schedule}
A sleep or timeout of a second takes SCALE seconds; after LIMIT seconds what still runs is given up.
"""

import {modules}

SCALE = 0.01
LIMIT = 5.0
'''

STEP = '''
def step(what):
    """Stand for some work."""
    time.sleep(random.random() * SCALE / 10)
'''

MAIN = '''
def note(name, index=None):
    """List the thread of this name, or all of an array, or the one at an index."""
    found = threads[name]
    if index is not None:
        found = [found[index]]
    found = list(found.values()) if isinstance(found, dict) else found
    while any(thread in started and thread.ident is None for thread in found):
        time.sleep(0.001)  # main is about to start it
    return found


def join(found, timeout=None):
    """Wait for the end of some threads; tell whether they have ended."""
    if threading.current_thread() in found:
        raise RuntimeError("a thread cannot wait for its own end")
    for thread in found:
        thread.join(timeout)
    return not any(thread.is_alive() for thread in found)


def failed(error):
    """Report what ended a thread, and remember that something did."""
    failures.append(error.exc_type.__name__)
    print(f"{error.thread.name}: {error.exc_type.__name__}: {error.exc_value}", file=sys.stderr)


failures = []
threading.excepthook = failed


def main():
    for thread in started:
        thread.start()
    end = time.monotonic() + LIMIT
    every = [thread for array in threads.values() for thread in (array.values() if isinstance(array, dict) else array)]
    while running := [thread for thread in every if thread.is_alive() and not thread.daemon]:
        running[0].join(max(0.0, min(0.1, end - time.monotonic())))
        if time.monotonic() >= end:
            print("still running:", ", ".join(thread.name for thread in running), file=sys.stderr)
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(3)
    sys.stdout.flush()
    os._exit(1 if failures else 0)


if __name__ == "__main__":
    main()
'''


def as_python(program: Program, schedule: Sequence_[Choice] | None = None) -> str:
    """Write a scenario as a program; exit status 0 if all threads end, 1 if one fails, 3 if some never end.

    With a schedule every run begins with that, and then goes on as it comes.
    """
    root = parse(decode(program.data, program.file), program.file)
    assert isinstance(root, Map)
    top = {key.value: value for key, value in root.pairs if not is_null(value)}
    shared = what_is_shared(program, top)
    forced = schedule is not None
    written = functions(program, top.get("threads"), shared, forced)
    parts = [
        declarations(program, shared, forced),
        written,
        table(program, top.get("threads"), forced),
    ]
    body = "\n\n".join(part for part in parts if part)
    needed = [*needs(program, body, forced), shared.classes.text(), body]
    whole = "\n\n\n".join(part.strip("\n") for part in needed if part) + f"\n\n{MAIN}"
    if schedule is not None:
        turns: Iterable[tuple[str, int | str | None]] = schedule
        if finalizers.are_there(program):
            turns = finalizers.scheduled(program, schedule)
        names = "\n".join(f"    {tuple(one)!r}," for one in turns)
        whole = f"SCHEDULE = [\n{names}\n]\n\n\n{whole}"
    modules = ["contextlib", "os", "queue", "random", "sys", "threading", "time"]
    used = [one for one in modules if re.search(rf"\b{one}\.", whole)]
    return re.sub(r"\n{4,}", "\n\n\n", f"{head(program, used, forced)}\n\n{whole}")


def needs(program: Program, body: str, forced: bool) -> list[str]:
    """List the helpers and classes that a program needs, as text."""
    kinds = {type(one) for one in program.objects}
    parts = [STEP] if re.search(r"\bstep\(", body) else []
    parts += [SHUTDOWN] if ".shutdown(" in body or "queue.ShutDown" in body else []
    if "@deeper" in body:
        parts.append(DEEPER.format(most=program.limits.recursion or RECURSION))
    parts += [JOIN_QUEUE] if "join_queue(" in body else []
    parts += [FIRST_OF] if "first_of(" in body and not forced else []
    own = forcing.IN_TURNS if forced else {}
    pipes = {bool(one.capacity) for one in program.objects if isinstance(one, objects.Pipe)}
    if True not in pipes:
        kinds.discard(objects.Pipe)
    parts += [text for kind, text in CLASSES.items() if kind in kinds and kind not in own]
    parts += [CHANNEL] if False in pipes and not forced else []
    if forced:
        own_turns = finalizers.in_turns if finalizers.are_there(program) else str
        parts.append(own_turns(forcing.TURNS))
        parts += [FIRST_OF_IN_TURNS] if "first_of(" in body else []
        parts += [CHANNEL_IN_TURNS] if False in pipes else []
    parts += [finalizers.PLAINLY] if finalizers.are_there(program) and not forced else []
    asked = {**QUESTIONS, **(IN_TURNS if forced else {})}
    parts += [
        text for name, text in asked.items() if f"ask_{name}(" in body or f"ask_{name}," in body
    ]
    return [*parts, *(text for kind, text in own.items() if kind in kinds)]


def head(program: Program, modules: list[str], forced: bool) -> str:
    """Write how the file begins."""
    words = {"title": program.name, "about": program.description}
    clean_words = {
        key: " ".join(word.replace("\\", "/").replace('"', "'").split())
        for key, word in words.items()
    }
    about = f"\n{clean_words['about']}\n" if clean_words["about"] else ""
    schedule = "Each run takes the schedule that the system gives it: run it several times."
    if forced:
        schedule = "Each run begins with SCHEDULE, a step at a time, and then goes on as it comes."
    if program.timeouts == "last":
        schedule += (
            "\nTime runs out by the clock here, also where another thread could still go on."
        )
    return HEAD.format(
        schedule=schedule,
        title=f'"""{clean_words["title"]}',
        about=about,
        modules="\nimport ".join(modules),
    ).rstrip("\n")


def what_is_shared(program: Program, top: dict[str, Node]) -> Shared:
    """List what the names of a scenario stand for."""
    sections: dict[str, str] = {}
    arrays: set[str] = set()
    for section, node in top.items():
        for key in names_of(node) if section in (*SECTIONS, "threads") else ():
            found = declared(key)
            assert found is not None
            sections[found.name] = section
            if found.extents and section == "variables":
                arrays.add(identifier(found.name))
    procedures: dict[str, Procedure] = {}
    written = top.get("procedures")
    for name, body in written.pairs if isinstance(written, Map) else ():
        args: tuple[str, ...] = ()
        local: Node | None = None
        if isinstance(body, Map):
            given = {option.value: value for option, value in body.pairs}
            listed = given.get("args")
            if isinstance(listed, Sequence):
                args = tuple(clean(one.value) for one in listed.items if isinstance(one, Scalar))
            local = given.get("locals")
            body = given.get("do", Sequence((), name.place))
        procedures[clean(name.value)] = Procedure(args, body, local)
    roomless = frozenset(
        identifier(one.name.partition("[")[0])
        for one in program.objects
        if isinstance(one, objects.Pipe) and not one.capacity
    )
    freed = frozenset(
        identifier(one.name.partition("[")[0])
        for one in program.objects
        if isinstance(one, objects.ModeLock) and one.victims
    )
    untimed = program.timeouts == "off"
    return Shared(sections, frozenset(arrays), procedures, Classes(top), untimed, roomless, freed)


SECTIONS = tuple(row.section for row in PRIMITIVES)


def names_of(node: Node) -> list[str]:
    """List the names that a section declares."""
    if isinstance(node, Map):
        return [key.value for key, _ in node.pairs]
    return (
        [one.value for one in node.items if isinstance(one, Scalar)]
        if isinstance(node, Sequence)
        else []
    )


def declarations(program: Program, shared: Shared, forced: bool) -> str:
    """Write params and what is shared."""
    lines = [f"{identifier(name)} = {value!r}" for name, value in program.params.items()]
    lines += ["", "atomic = threading.RLock()"] if b"atomic" in program.data else []
    lines.append("")
    conditions = {one.name for one in program.objects if isinstance(one, objects.Condition)}
    # A condition's own lock bears its name, and is made with it.
    own = [
        one
        for one in program.objects
        if not (isinstance(one, objects.Lock) and one.name in conditions)
    ]
    for array, members in itertools.groupby(own, lambda one: one.name.partition("[")[0]):
        found = list(members)
        if "[" not in found[0].name:
            lines.append(f"{identifier(array)} = {made(program, found[0], forced)}")
            continue
        lines.append(f"{identifier(array)} = {{")
        for one in found:
            index = one.name.partition("[")[2][:-1]
            key = f"({index})" if "," in index else index
            lines.append(f"    {key}: {made(program, one, forced)},")
        lines.append("}")
    there = {one.name.partition("[")[0] for one in program.objects}
    lines += [
        f"{identifier(name)} = {{}}"
        for name, section in shared.sections.items()
        if section != "threads" and name not in there
    ]
    return "\n".join(lines).strip("\n")


def made(program: Program, one: SharedObject, forced: bool) -> str:
    """Write how something shared is made."""
    plainly = made_plainly(program, one)
    if not forced:
        return plainly
    match one:
        case objects.Lock():
            return f"Lock(reentrant={one.reentrant})" if one.owned else "Lock(owned=False)"
        case objects.Event():
            return f"Event({one.set})"
        case objects.Condition() | objects.Barrier():
            return plainly.removeprefix("threading.")
        case objects.RWLock() | objects.ModeLock() | objects.Semaphore() | objects.Latch():
            return plainly
        case objects.Queue() | objects.Pipe():
            return plainly  # of one step each, or written out for the turns
        case objects.Variable():
            return plainly


def made_plainly(program: Program, one: SharedObject) -> str:
    """Write how something shared is made of Python's own."""
    match one:
        case objects.Lock():
            return "threading.RLock()" if one.reentrant else "threading.Lock()"
        case objects.RWLock():
            return f"RWLock(prefer_writers={one.prefer == 'writers'})"
        case objects.ModeLock():
            more = [", queue=True"] if one.prefer == "queue" else []
            more += [", victims=True"] if one.victims else []
            return f"ModeLock({dict(one.modes)!r}{''.join(more)})"
        case objects.Semaphore():
            return f"threading.{'Bounded' if one.bounded else ''}Semaphore({one.value})"
        case objects.Condition():
            lock = program.objects[one.lock - len(program.threads) - 1]
            own = lock.name == one.name
            return f"threading.Condition({'' if own else reference(lock.name)})"
        case objects.Event():
            return (
                "threading.Event()"
                if not one.set
                else "(lambda event: event.set() or event)(threading.Event())"
            )
        case objects.Barrier():
            return f"threading.Barrier({one.parties})"
        case objects.Latch():
            return f"Latch({one.value})"
        case objects.Queue():
            kind = {"fifo": "Queue", "lifo": "LifoQueue", "priority": "PriorityQueue"}[one.order]
            return f"queue.{kind}({max(0, one.maxsize) or ''})"
        case objects.Pipe():
            return f"Pipe({one.capacity})" if one.capacity else "Channel()"
        case objects.Variable():
            return repr(plain(one.initial))


def plain(value: object) -> object:
    """Give lists for the tuples that stand for them."""
    return [plain(inner) for inner in value] if isinstance(value, tuple) else value


def reference(name: str) -> str:
    """Write the name of an object as an expression."""
    array, bracket, index = name.partition("[")
    return f"{identifier(array)}[{index}" if bracket else identifier(array)


def functions(program: Program, node: Node | None, shared: Shared, forced: bool) -> str:
    """Write a function for each thread, or array of threads."""
    found = []
    for key, value in node.pairs if isinstance(node, Map) else ():
        name = declared(key.value)
        assert name is not None
        indices = [identifier(index) for index in name.indices if index is not None]
        body = Body(shared, Names(shared.arrays))
        if forced:
            variables = frozenset(
                identifier(one)
                for one, section in shared.sections.items()
                if section == "variables"
            )
            body = TurnBody(shared, TurnNames(body.names, variables))
        first: list[str] = []
        steps: Node = value
        if isinstance(value, Map):
            given = {one.value: inner for one, inner in value.pairs}
            steps = given.get("do", Sequence((), key.place))
            local = given.get("locals")
            for one, inner in local.pairs if isinstance(local, Map) else ():
                first.append(f"    {identifier(one.value)} = {body.names.expression(inner)}")
            if "anywhere" in given and not is_null(given["anywhere"]):
                text, begin = finalizers.written(given["anywhere"], body, name.name, indices)
                found.append(text)
                first += [] if forced else [begin]
                body.maybe = not forced
        lines = body.block(steps, "    ")
        written = sorted(body.assigned)
        declared_here = [f"    global {', '.join(written)}"] if written else []
        found.append(
            "\n".join(
                [
                    f"def {identifier(name.name)}({', '.join(indices)}):",
                    *declared_here,
                    *first,
                    *lines,
                ]
            )
        )
    return "\n\n\n" + "\n\n\n".join(found) + "\n" if found else ""


def table(program: Program, node: Node | None, forced: bool) -> str:
    """Write which threads there are, and which start at once."""
    lines = ["threads = {"]
    begin = {}
    named = iter(program.threads)
    for key, _ in node.pairs if isinstance(node, Map) else ():
        name = declared(key.value)
        assert name is not None
        made_of = [next(named) for _ in range(count_of(program, name.name))]
        for one in made_of:
            if one.code.finalizer is not None:
                begin[one.name] = finalizers.begins(name.name, one.name, name.indices)
        if not name.extents:
            (one,) = made_of
            lines.append(f"    {name.name!r}: [{thread(name.name, '', one.name, one.daemon)}],")
            continue
        lines.append(f"    {name.name!r}: {{")
        for one in made_of:
            index = one.name.partition("[")[2][:-1]
            values = [
                v
                for v, bound in zip(index.split(", "), name.indices, strict=True)
                if bound is not None
            ]
            where = f"({index})" if "," in index else index
            lines.append(
                f"        {where}: {thread(name.name, ', '.join(values), one.name, one.daemon)},"
            )
        lines.append("    },")
    lines.append("}")
    if begin and forced:
        lines.append("finalizers = {")
        lines += (f"    {one!r}: {call}," for one, call in begin.items())
        lines.append("}")
    now = [where_is(one.name) for one in program.threads if one.autostart]
    lines.append(f"started = [{', '.join(now)}]")
    return "\n".join(lines)


def where_is(name: str) -> str:
    """Write where the table has a thread."""
    array, bracket, index = name.partition("[")
    if not bracket:
        return f"threads[{array!r}][0]"
    where = f"({index[:-1]})" if "," in index else index[:-1]
    return f"threads[{array!r}][{where}]"


def count_of(program: Program, name: str) -> int:
    """Count the threads of an array, or the one of this name."""
    return sum(one.name.partition("[")[0] == name for one in program.threads)


def thread(function: str, arguments: str, name: str, daemon: bool) -> str:
    """Write how a thread is made."""
    parts = [f"target={identifier(function)}", f"name={name!r}"]
    if arguments:
        parts.insert(1, f"args=({arguments},)")
    if daemon:
        parts.append("daemon=True")
    return f"threading.Thread({', '.join(parts)})"
