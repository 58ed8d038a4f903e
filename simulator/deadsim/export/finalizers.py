"""Finalizers in a written program: plainly between two statements, in turns wherever the schedule has them."""

from collections.abc import Iterator, Sequence

from deadsim.errors import UsageError
from deadsim.export.names import identifier
from deadsim.export.statements import Body
from deadsim.kernel.row import Result, chosen
from deadsim.kernel.system import State, System, after
from deadsim.language.reading.document import Mapping as Map
from deadsim.language.reading.document import Node, Scalar
from deadsim.model.program import Choice, Program

PLAINLY = '''
def finalizer(run, times):
    """Give what begins a finalizer now and then: between two statements alone, never while a call waits."""
    left, runs = times, False

    def maybe():
        nonlocal left, runs
        if left and not runs and random.random() < 0.3:
            left, runs = left - 1, True
            try:
                run()
            finally:
                runs = False

    return maybe
'''

ENTER = """        me = threading.current_thread().name
        with self.changed:
            self.changed.wait_for(lambda: not self.coming or self.coming[-1][0] == me)
"""

ENTER_BEGINNING = """        me = threading.current_thread().name
        while self.begins(me):
            finalizers[me]()
        with self.changed:
            self.changed.wait_for(lambda: not self.coming or self.coming[-1][0] == me)
"""

BEGINS = '''    def begins(self, me):
        """Wait for one's turn; tell whether one's finalizer begins with it, wherever one stands."""
        with self.changed:
            self.changed.wait_for(lambda: not self.coming or self.coming[-1][0] == me)
            if not self.coming or self.coming[-1][1] != "begins":
                return False
            self.coming.pop()
            self.changed.notify_all()
            return True

    def __exit__(self, *error):
'''


def in_turns(turns: str) -> str:
    """Let finalizers begin in the turns of a program."""
    assert ENTER in turns
    found = turns.replace(ENTER, ENTER_BEGINNING)
    return found.replace("    def __exit__(self, *error):\n", BEGINS, 1)


def parts(node: Node) -> tuple[str, Node]:
    """Give how often a finalizer may begin, and its steps."""
    if not isinstance(node, Map):
        return "1", node
    given = {key.value: value for key, value in node.pairs}
    times = given.get("times")
    return times.value if isinstance(times, Scalar) else "1", given["do"]


def scheduled(
    program: Program, schedule: Sequence[Choice]
) -> Iterator[tuple[str, int | str | None]]:
    """List the turns of a schedule: who, and which result, or that a finalizer begins.

    Raises UsageError where one fails in the middle of a wait: what is written here cannot leave that.
    """
    system = System(program)
    threads = {thread.name: number for number, thread in enumerate(program.threads)}
    state = system.initial().state
    for one in schedule:
        result = chosen(system.results(state, threads[one.thread]), one.result)
        refuse_leaving(program, system, state, threads[one.thread])
        state = after(state, result)
        if not result.begins:
            yield one.thread, one.result
            continue
        yield one.thread, "begins"
        if takes_a_step(result):
            way = -1 - (one.result or -1)
            yield one.thread, way if result.row.operation.can_choose else None
    for number in threads.values():
        refuse_leaving(program, system, state, number)


def takes_a_step(result: Result) -> bool:
    """Decide whether a finalizer has taken its first step as it began."""
    stands = result.outcome.phase == "begin" and not result.effect.success
    return result.row.verb != "anywhere" and not stands


def refuse_leaving(program: Program, system: System, state: State, thread: int) -> None:
    """Refuse a schedule in which a wait is left half done."""
    frame = state.frames[thread]
    if frame.operation is not None and frame.operation.verb == "leave":
        line = system.linked[thread].place(frame.position).line
        raise UsageError(
            f"{program.file}:{line}: a finalizer fails in the middle of this wait; that is not written as a "
            "program yet"
        )


def are_there(program: Program) -> bool:
    """Decide whether a thread has a finalizer."""
    return any(one.code.finalizer is not None for one in program.threads)


def written(node: Node, body: Body, name: str, indices: list[str]) -> tuple[str, str]:
    """Write a finalizer as a function, and what lets it begin now and then; `body` is its thread's."""
    times, steps = parts(node)
    own = body.inner({}, {})
    lines = own.block(steps, "    ")
    shared = sorted(own.assigned)
    declared_here = [f"    global {', '.join(shared)}"] if shared else []
    function = f"{identifier(name)}_anywhere"
    arguments = ", ".join(indices)
    begin = f"    maybe = finalizer(lambda: {function}({arguments}), {times})"
    return "\n".join([f"def {function}({arguments}):", *declared_here, *lines]), begin


def begins(function: str, name: str, indices: Sequence[str | None]) -> str:
    """Write how the finalizer of a thread begins."""
    values = name.partition("[")[2][:-1].split(", ")
    bound = [v for v, index in zip(values, indices, strict=False) if index is not None]
    return f"lambda: {identifier(function)}_anywhere({', '.join(bound)})"
