"""`new`, `explain`, `export`, `doctor`, `completion`: how to begin, what things mean, and what is in use."""

from __future__ import annotations

import os
from typing import Any

import click

from deadsim.cli import completions
from deadsim.cli.commands import FORMAT, PARAM, deadsim, given
from deadsim.cli.files import save
from deadsim.cli.output import Output, warn
from deadsim.errors import UsageError

FIRST = """\
# yaml-language-server: $schema=deadsim.schema.json
# (`deadsim schema --output deadsim.schema.json` writes that file: completion and help in your editor)

name: {name}

# What the threads share: locks, semaphores, conditions, queues, variables, ...
locks: [A, B]
variables: {{counter: 0}}

# Who runs, and the steps of each. `with` takes locks in this order, and gives them back.
threads:
  left:
    - with: [A, B]
      do:
        - add: counter
  right:
    - with: [B, A]          # the other way round: what can happen?
      do:
        - add: counter

# What you claim of all schedules: never (what is not named), possible or always.
#   deadsim run {file}        one schedule
#   deadsim explore {file}    all of them
# Now it is claimed that a deadlock can happen. Mend the order above, and claim `never`.
expect:
  deadlock: possible
  final: counter == 2
"""


@deadsim.command()
@click.argument("name")
def new(name: str) -> int:
    """Write a small scenario to begin with, commented, to NAME.yaml."""
    output = Output({})
    with output.reporting("new"):
        file = name if name.endswith((".yaml", ".yml")) else f"{name}.yaml"
        if os.path.lexists(file):
            raise UsageError(f"{file}: is there already; it is left as it is")
        output.check_writable(file)
        title = os.path.splitext(os.path.basename(file))[0].replace("_", " ")
        if not title.replace(" ", "").replace("-", "").isalnum():
            title = "my first scenario"
        from deadsim.report.sentences import visible
        from deadsim.report.text import argument

        pasted = visible(argument(file))
        save(file, FIRST.format(name=f"'{title}'", file=pasted))
        output.write(
            f"{visible(file)} is written; now: deadsim run {pasted}, deadsim explore {pasted}"
        )
        return 0
    return output.status


@deadsim.command()
@click.argument("kind", required=False, shell_complete=completions.kinds)
@FORMAT
def explain(kind: str | None, **options: Any) -> int:
    """Say what a KIND of defect is, with its smallest example and how it is mended; without one, list them."""
    output = Output(options)
    with output.reporting("explain"):
        from deadsim import api, gallery
        from deadsim.language.expressions.names import nearest
        from deadsim.report.explanations import EXPLANATIONS

        if kind is None:
            if output.form == "json":
                kinds = {name: one._asdict() for name, one in EXPLANATIONS.items()}
                output.write(api.dump({"deadsim": 1, "command": "explain", "kinds": kinds}))
            else:
                widest = max(map(len, EXPLANATIONS))
                output.write(
                    "\n".join(f"{name:<{widest}}  {one.what}" for name, one in EXPLANATIONS.items())
                )
            return 0
        asked = kind.strip().lower().replace(" ", "-").replace("_", "-")
        found = EXPLANATIONS.get(asked)
        if found is None:
            hint = nearest(asked, tuple(EXPLANATIONS)) or "; `deadsim explain` lists them"
            raise UsageError(f"there is no kind of defect called '{kind}'{hint}")
        path = gallery.find(found.example)
        text = api.contents(found.example).decode()
        if output.form == "json":
            output.write(
                api.dump({"deadsim": 1, "command": "explain", "kind": asked, **found._asdict()})
            )
            return 0
        lines = [f"{asked}: {found.what}", "", f"mended: {found.mend}"]
        lines += [f"example: deadsim explore {found.example}"]
        if found.fix is not None:
            lines.append(f"mended so: deadsim explore {found.fix}")
        shown = os.path.relpath(path) if path else found.example
        lines += ["", f"{shown if not shown.startswith('..') else path}:", ""]
        lines += [f"    {line}".rstrip() for line in text.rstrip("\n").split("\n")]
        output.write("\n".join(lines))
        return 0
    return output.status


@deadsim.command()
@click.argument("file", shell_complete=completions.scenarios)
@click.option("--python", is_flag=True, help="A program over threading and queue.")
@click.option(
    "--schedule",
    metavar="FILE",
    help="Force it into a saved schedule.",
    shell_complete=completions.files,
)
@PARAM
@click.option(
    "--output", metavar="FILE", help="Write it to a file.", shell_complete=completions.files
)
def export(
    file: str, python: bool, schedule: str | None, params: tuple[str, ...], **options: Any
) -> int:
    """Write a scenario as a plain program, to run and to change."""
    output = Output({**options, "form": "text"}, "Python")
    with output.reporting("export"):
        if not python:
            raise UsageError("say what to write it as: --python")
        from deadsim.export.program import as_python

        scenario = given(file, params)
        choices = None
        if schedule is not None:
            from deadsim import api

            saved = api.saved_choices(schedule, scenario.program)
            if saved.digest != scenario.program.digest:
                warn(f"{scenario.file} is not as it was when the schedule was saved")
            choices = saved.choices
            scenario = api.Scenario(scenario.program.with_timeouts(saved.timeouts))
            api.replay(scenario, choices, max_steps=max(1, len(choices)))  # that it fits
        output.write(as_python(scenario.program, choices).rstrip("\n"))
        return 0
    return output.status


@deadsim.command()
@FORMAT
def doctor(**options: Any) -> int:
    """Say what is in use here: Python, the layout engine, the baton, and what is missing."""
    output = Output(options)
    with output.reporting("doctor"):
        from deadsim.api.diagnosis import diagnosis, dump

        found = diagnosis()
        if output.form == "json":
            output.write(dump({"deadsim": 1, "command": "doctor", **found}))
        else:
            widest = max(map(len, found))
            output.write("\n".join(f"{name:<{widest}}  {value}" for name, value in found.items()))
        return 0
    return output.status


@deadsim.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> int:
    """Print what makes SHELL complete deadsim's commands: `eval "$(deadsim completion bash)"`."""
    from click.shell_completion import get_completion_class

    make = get_completion_class(shell)
    assert make is not None
    source = make(deadsim, {}, "deadsim", "_DEADSIM_COMPLETE").source()
    click.echo(completions.for_bash(source) if shell == "bash" else source)
    return 0
