"""Pipes without room: who sends offers an item, and goes on once it has been received. State: `pipe.Offers`."""

from deadsim.kernel.operation import Needs, Objects, Operation, Outcome, Stock, View, replaced
from deadsim.kernel.ordering import Ordering
from deadsim.kernel.primitives.leave import gone
from deadsim.kernel.primitives.pipe import Offers, broken
from deadsim.kernel.primitives.queue import items
from deadsim.model.values import Value
from deadsim.trace.effect import Mark, Store


def receives(number: int) -> Stock:
    """Name what lets one offer go as something that is counted."""
    return ("receives", number)


def taken_by(number: int, thread: int) -> Store:
    """Name the store that keeps which step took a thread's offer."""
    return ("taken", number, thread)


class Send(Operation):
    """Offer an item; go on once the offer was taken, or with an error once nobody can take it any more."""

    verb = "send"
    can_block = True

    def __init__(self, number: int, item: Value) -> None:
        self.number = number
        self.item = item
        self.objects = (number,)

    def ways(self, objects: View, thread: int) -> int:
        offers: Offers = objects[self.number]
        return 0 if offers.rank(thread) is not None and "read" not in offers.closed else 1

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        number = self.number
        offers: Offers = objects[number]
        rank = offers.rank(thread)
        if thread in offers.taken:
            taken = tuple(one for one in offers.taken if one != thread)
            marks = (Mark(taken_by(number, thread), 0, False),)
            return Outcome(
                replaced(objects, number, offers._replace(taken=taken)),
                phase="end",
                ordering=Ordering(marks=marks),
            )
        if rank is not None:
            rest = (*offers.standing[:rank], *offers.standing[rank + 1 :])
            return Outcome(
                replaced(objects, number, offers._replace(standing=rest)),
                success=False,
                wrong=broken("send", number),
                phase="end",
                ordering=Ordering((), (number,), (Mark(offer(number), rank, False),)),
            )
        if offers.closed:
            ordering = Ordering(takes=(number,))
            return Outcome(objects, success=False, wrong=broken("send", number), ordering=ordering)
        standing = (*offers.standing, (thread, self.item))
        return Outcome(
            replaced(objects, number, offers._replace(standing=standing)),
            stays=True,
            phase="begin",
            ordering=Ordering(marks=(Mark(offer(number), len(offers.standing), True),)),
        )

    def is_half_done(self, objects: View, thread: int) -> bool:
        offers: Offers = objects[self.number]
        return thread in offers.taken or offers.rank(thread) is not None

    def left(self, objects: Objects, thread: int) -> Outcome:
        offers: Offers = objects[self.number]
        closed, standing, taken = offers
        rank = offers.rank(thread)
        mark = Mark(taken_by(self.number, thread), 0, False)
        if rank is not None:
            mark = Mark(offer(self.number), rank, False)
        rest = Offers(
            closed,
            tuple(one for one in standing if one[0] != thread),
            tuple(other for other in taken if other != thread),
        )
        return gone(replaced(objects, self.number, rest), Ordering(marks=(mark,)))

    def needs(self, objects: Objects, thread: int) -> Needs:
        rank = objects[self.number].rank(thread)
        return Needs((receives(self.number), ("closed", self.number, "read")), rank + 1)


class Receive(Operation):
    """Take the offer that has stood longest; blocked while there is none and somebody could still make one."""

    verb = "receive"
    can_block = True

    def __init__(self, number: int) -> None:
        self.number = number
        self.objects = (number,)

    def ways(self, objects: View, thread: int) -> int:
        closed, standing, _ = objects[self.number]
        return 1 if standing or closed else 0

    def apply(self, objects: Objects, thread: int, way: int) -> Outcome:
        number = self.number
        closed, standing, taken = objects[number]
        saw = Ordering(takes=(number,))
        if "read" in closed:
            return Outcome(objects, success=False, wrong=broken("receive", number), ordering=saw)
        if not standing:
            return Outcome(objects, (None, False), ordering=saw)
        (sender, item), *rest = standing
        after = Offers(closed, tuple(rest), tuple(sorted((*taken, sender))))
        marks = (Mark(offer(number), 0, False), Mark(taken_by(number, sender), 0, True))
        return Outcome(
            replaced(objects, number, after), (item, True), ordering=Ordering(marks=marks)
        )

    def needs(self, objects: Objects, thread: int) -> Needs:
        return Needs((items(self.number), ("closed", self.number)))


def offer(number: int) -> Store:
    """Name the store that keeps who made the offers that stand."""
    return ("items", number, 0)
