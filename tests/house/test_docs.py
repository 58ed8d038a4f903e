"""The reference pages: their tables are those of the program, and what they show is so."""

import re
from pathlib import Path

import click
import pytest
import yaml

import deadsim as library
from commands import deadsim
from deadsim.cli.commands import deadsim as group
from deadsim.language.tables.sections import SECTIONS
from deadsim.language.tables.verbs import VERBS
from deadsim.model.claims import DEFECT_TYPES
from shown import assert_it_prints, sessions_of

DOCS = Path(__file__).parent.parent.parent / "docs"


def sentence(about: str) -> str:
    """Write an explanation for a cell of a table."""
    return about.replace("|", "\\|")


def verbs() -> str:
    """Write the table of verbs."""
    rows = ["| verb | options | meaning |", "| --- | --- | --- |"]
    for verb in VERBS.values():
        options = "; ".join(
            f"`{one.name}`{' (required)' if one.required else ''}: {sentence(one.about)}"
            for one in verb.options
        )
        rows.append(f"| `{verb.name}` | {options} | {sentence(verb.about)} |")
    return "\n".join(rows)


def sections() -> str:
    """Write the table of what may be shared."""
    rows = ["| section | what it is | options |", "| --- | --- | --- |"]
    for section in SECTIONS.values():
        options = []
        for one in section.options:
            name = f"**`{one.name}`**" if one.name == section.short else f"`{one.name}`"
            default = (
                "required"
                if one.required
                else f"`{str(one.default).lower()}`"
                if one.default is not None
                else ""
            )
            options.append(f"{name}: {sentence(one.about)}{f' ({default})' if default else ''}")
        rows.append(f"| `{section.name}` | {sentence(section.about)} | {'; '.join(options)} |")
    return "\n".join(rows)


def commands() -> str:
    """Write the page on the command line."""
    lines = [
        "# The command line",
        "",
        "Exit status: 0 nothing contradicts the claims, 1 a claim is refuted, 2 the input or the command line is wrong, "
        "3 undecided: a budget was spent, or nobody takes a step, 130 interrupted. Of several files: 2 before 1 before 3. With "
        "`--format json` standard output is exactly one object.",
    ]
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        arguments = [one for one in command.params if isinstance(one, click.Argument)]
        usage = " ".join(["deadsim", name, *map(written, arguments)])
        lines += ["", f"## `{usage}`", ""]
        lines.append(
            "\n\n".join(" ".join(part.split()) for part in (command.help or "").split("\n\n"))
        )
        options = [one for one in command.params if isinstance(one, click.Option)]
        if options:
            lines += ["", "| option | |", "| --- | --- |"]
            lines += [
                f"| `{sentence(option(one))}` | {sentence(one.help or '')} |" for one in options
            ]
    return "\n".join(lines) + "\n"


def written(argument: click.Argument) -> str:
    """Write an argument as a usage line does."""
    choices = getattr(argument.type, "choices", None)
    name = argument.metavar or ("|".join(choices) if choices else (argument.name or "").upper())
    return name if argument.required else f"[{name}]"


def option(given: click.Option) -> str:
    """Write an option with its value."""
    names = ", ".join(sorted(given.opts, key=len))
    if given.is_flag:
        return names
    choices = getattr(given.type, "choices", None)
    return f"{names} {given.metavar or ('|'.join(choices) if choices else 'N')}"


def filled(page: str) -> str:
    """Put the tables into the page on the language."""
    for name, table in (("verbs", verbs()), ("sections", sections())):
        page = re.sub(
            rf"<!-- {name} -->\n.*?<!-- end -->",
            lambda _, n=name, t=table: f"<!-- {n} -->\n{t}\n<!-- end -->",
            page,
            flags=re.S,
        )
    return page


def test_the_pages_have_the_tables_of_the_program(request: pytest.FixtureRequest) -> None:
    language, cli = DOCS / "language.md", DOCS / "cli.md"
    if request.config.getoption("--update-golden"):
        language.write_text(filled(language.read_text()))
        cli.write_text(commands())
    assert language.read_text() == filled(language.read_text())
    assert cli.read_text() == commands()


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.stem)
def test_each_scenario_on_a_page_is_one(page: Path) -> None:
    for block in re.findall(r"```yaml\n(.*?)```", page.read_text(), flags=re.S):
        assert yaml.safe_load(block)
        assert library.explore(library.loads(block)).verdict == "as-expected"


@pytest.mark.parametrize(
    ("page", "command", "output"),
    [
        pytest.param(page, *session, id=page.stem)
        for page in sorted(DOCS.glob("*.md"))
        for session in sessions_of(page.read_text(encoding="utf-8"))
    ],
)
def test_a_command_prints_what_a_page_shows(
    page: Path, command: str, output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert_it_prints(command, output, page.read_text(encoding="utf-8"))


def test_each_program_that_measures_is_there_and_each_table_is_whole() -> None:
    text = (DOCS / "speed.md").read_text(encoding="utf-8")
    programs = set(re.findall(r"`(?:python )?(?:benchmarks/)?(\w+\.py)\b", text))
    assert len(programs) > 8
    for program in programs:
        assert (DOCS.parent / "benchmarks" / program).exists(), program
    # A table that a blank line breaks has a part without a head.
    for table in re.split(r"\n\n", text):
        if table.lstrip().startswith("|"):
            assert set(table.splitlines()[1]) <= set("|- "), table


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.stem)
def test_each_link_of_a_page_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
        assert link.startswith("http") or (page.parent / link).exists(), link


def test_the_page_on_the_language_names_all_that_can_be_claimed() -> None:
    text = (DOCS / "language.md").read_text()
    assert all(f"`{type}`" in text for type in DEFECT_TYPES)


def test_the_page_on_deciding_names_what_the_json_does() -> None:
    text = (DOCS / "how-it-decides.md").read_text()
    for method in ("none", "stubborn", "stubborn+symmetry", "optimal-dpor"):
        assert f"`{method}`" in text
    assert deadsim("explore", "two_locks", "--format", "json").json["reduction"] == "none"
