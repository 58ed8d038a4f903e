"""A run as a sequence diagram in Mermaid: threads and what they share as life lines."""

from deadsim.draw.graphs.mermaid import escaped
from deadsim.draw.time.film import Film, glyph
from deadsim.report.sentences import brief_title, wait_sentence
from deadsim.report.step_words import deed
from deadsim.trace.event import Event
from deadsim.trace.finding import Deadlock, Race


class Sequence:
    """One diagram in the making; an activation is open while a thread has an object."""

    def __init__(self, film: Film) -> None:
        self.film = film
        self.world = film.run.world
        self.threads = {self.world.name(number): f"t{number}" for number in self.world.threads}
        self.objects: dict[str, str] = {}
        for event in film.events:
            for number in event.objects:
                if self.world.declared(number) is not None:
                    name = self.world.name(number)
                    self.objects.setdefault(name, f"o{len(self.objects)}")
        for waited in film.waited:
            if waited.wait.want != "end":
                self.objects.setdefault(waited.wait.object, f"o{len(self.objects)}")

    def text(self) -> str:
        """Write the diagram."""
        film = self.film
        lines = ["sequenceDiagram"]
        lines += [
            f"  participant {who} as {escaped(name)}"
            for name, who in (*self.threads.items(), *self.objects.items())
        ]
        if film.first:
            lines.append(f"  note over t0: the first {film.first} steps are not shown")
        lines += self.changes(film.first)
        for event in film.events:
            lines += self.step(event)
            lines += self.changes(event.step + 1)
        # Left open, an activation would not be drawn at all: what is held at the end would not be seen.
        lines += [
            f"  deactivate {self.objects[held.object]}"
            for held in film.held
            if held.lasts and self.is_drawn(held.object)
        ]
        return "\n".join([*lines, *self.verdict()]) + "\n"

    def is_drawn(self, name: str) -> bool:
        """Decide whether an object has a life line: not one that was taken before what is shown, and not touched since."""
        return name in self.objects

    def step(self, event: Event) -> list[str]:
        """Write one step as a message to what it is about, or as a note."""
        who = f"t{event.thread}"
        words = escaped(f"{event.step + 1}. {deed(self.world, event)} (line {event.place.line})")
        number = event.objects[0] if event.objects else None
        if number is not None and self.world.is_thread(number):
            return [f"  {who}->>t{number}: {words}"]
        name = self.world.entities[number].name if number is not None else None
        if name is None:
            return [f"  note over {who}: {words}"]
        arrow = "->>" if event.success else "--x"
        return [f"  {who}{arrow}{self.objects[name]}: {words}"]

    def changes(self, taken: int) -> list[str]:
        """Write what is taken, given back and waited for from a moment on."""
        film = self.film
        lines = []
        for held in film.held:
            if held.end == taken and not held.lasts and self.is_drawn(held.object):
                lines.append(f"  deactivate {self.objects[held.object]}")
        for held in film.held:
            if held.start == taken and self.is_drawn(held.object):
                lines.append(f"  activate {self.objects[held.object]}")
        for waited in film.waited:
            if waited.start == taken:
                wait = waited.wait
                words = escaped(wait_sentence(wait._replace(holds=())))
                ends = (
                    [self.threads[name] for name in wait.wakers]
                    if wait.want == "end"
                    else [self.objects[wait.object]]
                )
                lines += [f"  t{waited.thread}--x{end}: {words}" for end in ends]
        return lines

    def verdict(self) -> list[str]:
        """Write what was found as a note."""
        found = self.film.focus
        if not self.threads:
            return []
        names = list(self.threads)
        if isinstance(found, Deadlock):
            names = list(found.threads)
        elif isinstance(found, Race):
            names = [access.thread for access in found.accesses]
        over = ",".join(dict.fromkeys((self.threads[names[0]], self.threads[names[-1]])))
        words = brief_title(found) if found is not None else self.film.run.outcome
        return [f"  note over {over}: {escaped(f'{glyph(self.film)}: {words}')}"]


def sequence(film: Film) -> str:
    """Write a run as a sequence diagram."""
    return Sequence(film).text()
