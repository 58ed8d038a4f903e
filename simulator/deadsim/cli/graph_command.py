"""`graph`: a scenario, or a run of it, as a graph or a timeline."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from deadsim.cli import completions, pictures
from deadsim.cli.commands import (
    FORMAT,
    ON_A_FILE,
    SCHEDULING,
    apply,
    deadsim,
    given,
    single_run,
)
from deadsim.cli.endings import promise
from deadsim.cli.files import save
from deadsim.cli.output import Output
from deadsim.errors import UsageError

if TYPE_CHECKING:
    from deadsim.api import Scenario
    from deadsim.draw.graphs.graph import Graph
    from deadsim.draw.time.film import Film


@deadsim.command()
@click.argument("file", shell_complete=completions.scenarios)
@apply(SCHEDULING)
@click.option(
    "--kind",
    type=click.Choice(["wait-for", "resources", "lock-order", "timeline"]),
    default="wait-for",
    help="Who waits for whom, who holds what, which lock is taken under which, or all over time.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["svg", "dot", "mermaid", "png"]),
    help="How it is written (as --output ends; svg).",
)
@apply(pictures.LAYOUT)
@apply(tuple(option for option in ON_A_FILE if option is not FORMAT))
def graph(file: str, kind: str, form: str | None, **options: Any) -> int:
    """Draw the end of a run, or all of it (timeline), or the order of locks in the text (lock-order).

    PNG wants Graphviz. A timeline is a sequence diagram in Mermaid, and in DOT and PNG the graph of its steps.
    """
    form = form or by_ending(options["output"])
    output = Output({**options, "form": "text"}, FORMS[form])
    with output.reporting("graph"):
        from deadsim.draw.graphs.engine import engine

        found = engine(options["layout"])
        if form == "png" and found is None:
            from deadsim.draw.graphs.png import missing

            raise missing()
        scenario = given(file, options["params"], options["timeouts"])
        if kind == "timeline":
            from deadsim.draw.time.film import film

            drawn = of_film(film(single_run(scenario, options)), form, options)
        else:
            drawn = of_graph(made(scenario, kind, options), form, options)
        if isinstance(drawn, str):
            output.write(drawn.rstrip("\n"))
        elif options["output"] is not None:
            save(options["output"], drawn)
        else:
            stream = sys.stdout.buffer
            if stream.isatty():
                raise UsageError("a PNG is no text for a terminal: --output FILE")
            stream.write(drawn)
        return 0
    return output.status


FORMS = {"svg": "SVG", "dot": "DOT", "mermaid": "Mermaid", "png": "PNG"}


def by_ending(file: str | None) -> str:
    """Give the form that a file's ending promises; SVG where it promises none of them."""
    promised = None if file is None else promise(file)
    return next((form for form, name in FORMS.items() if name == promised), "svg")


def made(scenario: Scenario, kind: str, options: dict[str, Any]) -> Graph:
    """Make the graph that is asked for; only that of a run wants one."""
    if kind == "lock-order":
        from deadsim.draw.graphs.lock_order import lock_order_graph

        return lock_order_graph(scenario.program, options["all_nodes"])
    from deadsim.draw.graphs.run_graph import graph_of

    return graph_of(
        single_run(scenario, options),
        "resources" if kind == "resources" else "wait-for",
        options["all_nodes"],
    )


def of_graph(graph: Graph, form: str, options: dict[str, Any]) -> str | bytes:
    """Write a graph in the form that is asked for."""
    match form:
        case "dot":
            from deadsim.draw.graphs.dot import dot

            return dot(graph)
        case "mermaid":
            from deadsim.draw.graphs.mermaid import flowchart

            return flowchart(graph)
        case "png":
            from deadsim.draw.graphs.png import png

            return png(graph, options["layout"])
        case _:
            from deadsim.draw.graphs.layout import draw_graph

            return draw_graph(graph, options["layout"])


def of_film(film: Film, form: str, options: dict[str, Any]) -> str | bytes:
    """Write a run over time in the form that is asked for."""
    if form == "svg":
        from deadsim.draw.time.timeline import timeline

        return timeline(film, whole=options["all_nodes"])
    if form == "mermaid":
        from deadsim.draw.time.sequence import sequence

        return sequence(film)
    from deadsim.draw.time.steps_graph import steps_graph

    return of_graph(steps_graph(film), form, options)
