"""The index page of the scenarios: written from the scenarios themselves."""

from pathlib import Path

from deadsim import load

GALLERY = Path(__file__).parent.parent.parent / "scenarios"
PAGE = GALLERY / "README.md"
TAUGHT = (
    "locks",
    "semaphores",
    "conditions",
    "events",
    "barriers",
    "queues",
    "pipes",
    "races",
    "time",
    "fixes",
    "reports",
)


def index() -> str:
    """Write the page: its own beginning, and a table for each folder."""
    lines = [PAGE.read_text().split("\n## ")[0].rstrip()]
    for name in (".", *TAUGHT):
        folder = GALLERY / name
        title = "First of all" if name == "." else name.capitalize()
        lines += ["", f"## {title}", "", "| scenario | what it shows |", "| --- | --- |"]
        for file in sorted(folder.glob("*.yaml")):
            about = " ".join(load(file).program.description.split())
            lines.append(f"| [{file.stem}]({file.relative_to(GALLERY).as_posix()}) | {about} |")
    return "\n".join(lines) + "\n"


def test_the_index_page_lists_every_scenario(request) -> None:  # type: ignore[no-untyped-def]
    if request.config.getoption("--update-golden"):
        PAGE.write_text(index())
    assert PAGE.read_text() == index()


def test_every_folder_is_about_something_that_is_taught() -> None:
    assert {folder.name for folder in GALLERY.iterdir() if folder.is_dir()} == set(TAUGHT)
    assert len(list(GALLERY.glob("**/*.yaml"))) >= 60


def test_names_are_unique() -> None:
    stems = [file.stem for file in GALLERY.glob("**/*.yaml")]
    assert len(stems) == len(set(stems))
