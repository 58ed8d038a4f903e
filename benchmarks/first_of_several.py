"""Every state of a program that takes the first of several, against dining philosophers in the same run.

Three producers put into two queues, three consumers `select` from both, and one queue shuts down. Prints
states a second of both, and the ratio (more is better; at least 0.6). With `--numpy` by the optional search
with numpy (install `deadsim[fast]`), which pays with `-n 12 --items 6 --room 3` and more.
"""

import argparse
import statistics
import time

from states import scenario as dining

import deadsim
from deadsim.exploration.budget import Budget
from deadsim.exploration.states import breadth_first
from deadsim.exploration.states.levels import Reached
from deadsim.kernel.system import System
from deadsim.space.packed import Outgrown, Space

QUEUES = """
queues: {{mail: {{maxsize: {room}}}, jobs: {{maxsize: {room}}}}}
threads:
  producers[3]:
    - repeat: {items}
      do: [{{put: mail, value: 1}}, {{put: jobs, value: 2}}]
  consumers[3]:
    daemon: true
    do:
      - try:
          - forever:
              - select:
                  - {{get: mail, do: [step: reads]}}
                  - {{get: jobs, do: [step: works]}}
        except: {{ShutDown: []}}
  closer: [{{join: producers}}, {{shutdown: jobs}}]
"""


def searched(text: str) -> tuple[int, float]:
    """Search every state with new tables; give how many there are, and the seconds of the processor."""
    space = Space(System(deadsim.loads(text).program))
    while True:
        try:
            found = Reached(space)
            begin = time.process_time()
            breadth_first.search(found, Budget(10**8, 3600, 10**6))
            return found.states, time.process_time() - begin
        except Outgrown:
            space.widen()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=9, help="philosophers")
    parser.add_argument(
        "--items", type=int, default=3, help="that each producer puts into each queue"
    )
    parser.add_argument("--room", type=int, default=1, help="of each queue; 0: without end")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--numpy", action="store_true")
    asked = parser.parse_args()
    if not asked.numpy:
        breadth_first.ENOUGH = 10**12
    texts = {
        "dining": dining(asked.n),
        "select": QUEUES.format(items=asked.items, room=asked.room),
    }
    rates: dict[str, list[float]] = {name: [] for name in texts}
    counts: dict[str, int] = {}
    for _ in range(asked.repeat):
        for name, text in texts.items():
            counts[name], seconds = searched(text)
            rates[name].append(counts[name] / seconds)
    for name, found in rates.items():
        print(f"{name}: {counts[name]:,} states, {statistics.median(found):,.0f} a second")
    each = [select / plain for plain, select in zip(*rates.values(), strict=True)]
    print(f"ratio:  {statistics.median(each):.2f} x dining's")


if __name__ == "__main__":
    main()
