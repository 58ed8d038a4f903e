"""How states, executions and time grow with N, for a few families of programs.

Of each family: all states, states of the reduced graph, executions of the optimal search
(where executions have an end), and seconds of the whole search; each until a row takes longer than
`--seconds`. Fits each as a power of N and as a base to the power of N, names the better one, and draws
the counts over N (`--svg FILE`).
"""

import argparse
import math
import time
from collections.abc import Callable
from pathlib import Path

import deadsim
from deadsim.exploration.budget import Budget, Spent
from deadsim.exploration.executions.optimal_dpor import Classes
from deadsim.exploration.states import breadth_first
from deadsim.exploration.states.levels import Reached
from deadsim.exploration.states.stateful_search import Stateful
from deadsim.exploration.static.ruled_out import terminates
from deadsim.kernel.system import System
from deadsim.space.packed import Outgrown, Space

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#777777")


def philosophers(n: int, for_ever: bool, turned: bool) -> str:
    """Write philosophers who take the left fork first; the last one may be reversed."""
    lines = []
    for i in range(n):
        one, other = (i, (i + 1) % n) if not turned or i < n - 1 else (0, i)
        verbs = (("acquire", one), ("acquire", other), ("release", other), ("release", one))
        steps = ", ".join(f"{{{verb}: 'fork[{fork}]'}}" for verb, fork in verbs)
        lines.append(f"  p{i}: [{{forever: [{steps}]}}]" if for_ever else f"  p{i}: [{steps}]")
    return "\n".join([f"locks: ['fork[{n}]']", "threads:", *lines])


def readers(n: int) -> str:
    """Write a writer and n readers of one variable."""
    return (
        f"variables: {{x: 0}}\nthreads:\n  w: [{{write: x, value: 1}}]\n  'r[{n}]': [{{read: x}}]"
    )


def lost_update(n: int) -> str:
    """Write n threads that add to one variable."""
    return f"variables: {{x: 0}}\nthreads:\n  'a[{n}]': [{{add: x}}]"


def bounded_buffer(n: int) -> str:
    """Write n producers of two items each, and as many consumers, over two slots."""
    work = "[{repeat: 2, do: [{put: q, value: 1}]}]", "[{repeat: 2, do: [{get: q}]}]"
    return f"queues: {{q: 2}}\nthreads:\n  'p[{n}]': {work[0]}\n  'c[{n}]': {work[1]}".replace(
        "{q: 2}", "{q: {maxsize: 2}}"
    )


FAMILIES: dict[str, tuple[Callable[[int], str], int]] = {
    "philosophers, for ever, left first": (lambda n: philosophers(n, True, False), 2),
    "philosophers, for ever, last reversed": (lambda n: philosophers(n, True, True), 2),
    "philosophers, once, left first": (lambda n: philosophers(n, False, False), 2),
    "philosophers, once, last reversed": (lambda n: philosophers(n, False, True), 2),
    "readers": (readers, 1),
    "lost update": (lost_update, 1),
    "bounded buffer": (bounded_buffer, 1),
}

Points = list[tuple[int, float]]


def counts(text: str, seconds: float) -> dict[str, float]:
    """Count what there is to count of one program; nothing that takes too long."""
    system = System(deadsim.loads(text).program)
    space = Space(system)
    found: dict[str, float] = {}
    budget = Budget(10**8, seconds, 10**6)
    while True:
        try:
            begin = time.perf_counter()
            reached = Reached(space)
            breadth_first.search(reached, budget)
            found["states"] = reached.states
            found["seconds"] = time.perf_counter() - begin
            search = Stateful(system, ["deadlock"], budget, reduce="early")
            search.decide()
            if search.reduced is None:
                return found
            found["states, reduced"] = len(search.reduced.last)
            if terminates(system):
                classes = Classes(space, Budget(10**8, seconds, 10**6))
                found["executions"] = sum(1 for _ in classes)
            return found
        except Outgrown:
            space.widen()
        except Spent:
            return found


def fit(points: Points) -> str:
    """Say how something grows: by least squares on logarithms, the better of two laws."""
    if len(points) < 3:
        return "too few points"
    ys = [math.log(y) for _, y in points]
    laws = []
    for name, xs in (("power", [math.log(n) for n, _ in points]), ("base", [n for n, _ in points])):
        mean_x, mean_y = sum(xs) / len(xs), sum(ys) / len(ys)
        spread = sum((x - mean_x) ** 2 for x in xs)
        slope = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / spread
        error = sum((mean_y + slope * (x - mean_x) - y) ** 2 for x, y in zip(xs, ys, strict=True))
        laws.append((error, f"N^{slope:.1f}" if name == "power" else f"{math.exp(slope):.2f}^N"))
    return min(laws)[1]


STYLES = {"states": "", "states, reduced": "7 3", "executions": "2 3"}


def plot(series: dict[str, dict[str, Points]]) -> str:
    """Draw counts over N, as logarithms: a colour for each family, a style for what is counted."""
    width, height, left, bottom = 800, 420, 80, 380
    right, top = 520, 20
    drawn = [
        points for counted in series.values() for key, points in counted.items() if key in STYLES
    ]
    most_x = max(n for points in drawn for n, _ in points)
    most_y = math.log10(max(y for points in drawn for _, y in points))
    rows = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="11">',
        "<title>How states and executions grow with N</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
    ]

    def at(n: float, y: float) -> tuple[float, float]:
        return left + (right - left) * n / most_x, bottom - (bottom - top) * math.log10(y) / most_y

    def sample(row: int, color: str, dash: str, words: str) -> None:
        y = top + 12 + 24 * row
        line = f'stroke="{color}" stroke-width="2" stroke-dasharray="{dash}"'
        rows.append(f'<path d="M{right + 16} {y - 4}h28" {line}/>')
        rows.append(f'<text x="{right + 52}" y="{y}">{words}</text>')

    for power in range(int(most_y) + 1):
        y = at(1, 10**power)[1]
        rows.append(f'<path d="M{left} {y:.1f}H{right}" stroke="#dddddd"/>')
        rows.append(f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{10**power:,}</text>')
    for n in range(0, int(most_x) + 1, 5):
        rows.append(
            f'<text x="{at(n, 1)[0]:.1f}" y="{bottom + 16}" text-anchor="middle">{n}</text>'
        )
    rows.append(
        f'<text x="{(left + right) / 2:.0f}" y="{bottom + 32}" text-anchor="middle">N</text>'
    )
    for (name, counted), color in zip(series.items(), COLORS, strict=False):
        for key, dash in STYLES.items():
            line = " ".join("{:.1f},{:.1f}".format(*at(n, y)) for n, y in counted.get(key, []))
            style = f'stroke="{color}" stroke-width="2" stroke-dasharray="{dash}"'
            rows.append(f'<polyline points="{line}" fill="none" {style}/>')
        sample(list(series).index(name), color, "", name)
    for row, (key, dash) in enumerate(STYLES.items(), len(series) + 1):
        sample(row, "#444444", dash, key)
    return "\n".join([*rows, "</svg>"]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="how long a row may take")
    parser.add_argument("--most", type=int, default=40, help="the largest N")
    parser.add_argument("--svg", help="a file to draw into")
    asked = parser.parse_args()
    drawn: dict[str, dict[str, Points]] = {}
    for name, (write, first) in FAMILIES.items():
        rows: dict[str, Points] = {}
        for n in range(first, asked.most + 1):
            found = counts(write(n), asked.seconds)
            for key, value in found.items():
                rows.setdefault(key, []).append((n, value))
            if "states" not in found:
                break
        drawn[name] = rows
        print(name)
        for key, points in rows.items():
            used = [p for p in points if p[1] >= (0.01 if key == "seconds" else 1)]
            if used:
                print(f"  {key}: {fit(used)}; N = {used[-1][0]}: {used[-1][1]:,.6g}")
    if asked.svg:
        Path(asked.svg).write_text(plot(drawn), encoding="utf-8")


if __name__ == "__main__":
    main()
