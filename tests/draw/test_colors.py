"""Colours: a picture has its light ones as plain attributes, and a dark scheme is all that its style sheet adds."""

import re
import xml.etree.ElementTree as xml
from pathlib import Path

import pytest

from deadsim import explore, load, run
from deadsim.api.pictures import shown
from deadsim.draw.graphs.layout import draw_graph
from deadsim.draw.graphs.lock_order import lock_order_graph
from deadsim.draw.graphs.run_graph import graph_of
from deadsim.draw.tokens import DARK, LIGHT

DOCS = Path(__file__).parent.parent.parent / "docs"
RULE = re.compile(r"^([^{@]+) \{ (.*) \}$", re.MULTILINE)
LITERAL = re.compile(r"#[0-9a-f]{6}|none|url\(#\w+\)")
SHAPES = ("rect", "circle", "ellipse", "polygon", "path", "line", "text")
MANY_ORDERS = "locks: [A]\nthreads:\n  a[2]: [{repeat: 40, do: [{with: A, do: []}]}]\n"
FILLED = ("rect", "circle", "ellipse", "polygon", "text")


def pictures() -> dict[str, str]:
    two = run(load("two_locks"))
    (one,) = shown(two.result)
    return {
        "ring": two.svg(),
        "timeline": two.timeline(),
        "race": explore("lost_update").timeline(),
        "many orders": run(MANY_ORDERS).timeline(),
        "resources": draw_graph(graph_of(run("smokers").result, "resources")),
        "permits": draw_graph(graph_of(run("dining_with_waiter", max_steps=9).result, "resources")),
        "wait-for": draw_graph(graph_of(one.run, "wait-for")),
        "lock-order": draw_graph(lock_order_graph(load("two_locks").program)),
    }


PICTURES = pictures()


def colors(root: xml.Element) -> list[tuple[xml.Element, list[set[str]], dict[str, str]]]:
    """Give each shape with the classes of those that it stands in, itself last, and what it is painted with."""
    found = []

    def follow(one: xml.Element, classes: list[set[str]], given: dict[str, str]) -> None:
        here = [*classes, {*one.get("class", "").split(), one.tag.rpartition("}")[2]}]
        painted = given | {
            k: v for k, v in one.attrib.items() if k in ("fill", "stroke", "display")
        }
        found.append((one, here, painted))
        for inner in one:
            follow(inner, here, painted)

    follow(root, [], {})
    return [each for each in found if each[0].tag.rpartition("}")[2] in SHAPES]


def matches(selector: str, classes: list[set[str]]) -> bool:
    *around, last = [set(part.lstrip(".").split(".")) for part in selector.split()]
    return last <= classes[-1] and all(any(part <= one for one in classes) for part in around)


@pytest.mark.parametrize("name", PICTURES)
def test_every_shape_has_its_light_colours_as_attributes(name: str) -> None:
    picture = PICTURES[name]
    assert "var(" not in picture
    for shape, classes, painted in colors(xml.fromstring(picture)):
        assert all(LITERAL.fullmatch(v) for k, v in painted.items() if k != "display"), painted
        tag = shape.tag.rpartition("}")[2]
        assert painted.get("fill" if tag in FILLED else "stroke", painted.get("fill")), classes


@pytest.mark.parametrize("name", PICTURES)
def test_a_dark_scheme_takes_each_colour_for_the_same_one(name: str) -> None:
    picture = PICTURES[name]
    sheet = picture[picture.index("<style>") : picture.index("</style>")]
    dark = sheet[sheet.index("scheme: dark) {") : sheet.index("\n}")]
    shapes = colors(xml.fromstring(picture))
    lights = {DARK[token]: light for token, light in LIGHT.items()}
    painted: dict[tuple[int, str], str] = {}
    for selectors, body in RULE.findall(dark):
        for selector in selectors.split(", "):
            for number, (_, classes, _) in enumerate(shapes):
                if matches(selector, classes):
                    for prop in body.rstrip(";").split("; "):
                        key, value = prop.split(": ")
                        painted[number, key] = value
    assert painted
    for (number, key), value in painted.items():
        light = shapes[number][2].get(key)
        if light != "none":
            assert light == lights.get(value, value), (shapes[number][1], key)


def test_what_is_not_shown_at_first_is_hidden_without_a_style_sheet_too() -> None:
    hidden = [p for _, c, p in colors(xml.fromstring(PICTURES["many orders"])) if "off" in c[-1]]
    assert hidden
    assert all(painted.get("display") == "none" for painted in hidden)


def test_the_pictures_of_the_documentation_have_plain_colours() -> None:
    for file in DOCS.glob("*.svg"):
        assert "var(" not in file.read_text(), file.name
