"""The steps of a run as a graph: the order within each thread, and what the program orders between them.

It is the timeline for those who want a graph: as DOT, and so as PNG.
"""

from deadsim.draw.graphs.graph import Edge, Graph, Node
from deadsim.draw.time.film import Film, glyph
from deadsim.report.sentences import brief_title, count
from deadsim.report.step_words import brief, deed


def steps_graph(film: Film) -> Graph:
    """Make a node of each step, with an arrow to the next one of its thread, and those of happens-before."""
    world = film.run.world
    race = {access.step for access in film.race or ()}
    step = None if film.focus is None else film.focus.step
    nodes = []
    edges = []
    last: dict[int, int] = {}
    for place, event in enumerate(film.events):
        name = world.name(event.thread)
        below = (brief(world, event), f"step {event.step + 1}, line {event.place.line}")
        marked = event.step in race or event.step == step
        tooltip = f"{name} {deed(world, event)}"
        nodes.append(Node(name, "thread", below, tooltip, strong=marked))
        if event.thread in last:
            edges.append(Edge(last[event.thread], place, "order", "then", f"{name} goes on"))
        last[event.thread] = place
    for earlier, later in film.orders:
        tooltip = f"step {earlier + 1} happens before step {later + 1}"
        edges.append(Edge(earlier - film.first, later - film.first, "hold", "before", tooltip))
    title = f"{glyph(film)}: {brief_title(film.focus) if film.focus else film.run.outcome}"
    said = (f"{film.run.program.name}, {count(film.last, 'step')}",)
    return Graph(title, said, tuple(nodes), tuple(edges))
