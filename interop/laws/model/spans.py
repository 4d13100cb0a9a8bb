"""The model of one statement that crosses the bridge: a call, a stream, a manager. Which event may come when, and how it may end.

Each method is an event, and raises Differs where the model does not allow it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from interop.laws.model.alphabet import KINDS
from interop.laws.model.program import Do

if TYPE_CHECKING:
    from interop.laws.model.expected import Model, Task


class Differs(Exception):
    """What was seen is not what the model allows; the message says both."""


def allow(condition: object, seen: str) -> None:
    """Differ unless the condition holds."""
    if not condition:
        raise Differs(seen)


class Span:
    """One statement, from the moment that the caller asks until it goes on.

    Attributes:
        begun, over: the callee's function began, and ended: of a stream its source, of a manager what is entered.
        got: how the caller went on; "" as long as it has not.
        at_gate: the callee waits for the statement's gate.
    """

    noun = "call"

    def __init__(self, model: Model, task: Task, do: Do) -> None:
        self.model, self.task, self.do = model, task, do
        self.asked = self.begun = self.at_gate = self.back = False
        self.over = self.got = ""

    @property
    def name(self) -> str:
        """For a message."""
        return f"{self.noun} {self.do.number} of {self.task.name}"

    @property
    def excused(self) -> bool:
        """The portal was closed, or the peer has died: then an error is the right outcome."""
        return self.model.closing or self.model.dead

    @property
    def goes_on(self) -> bool:
        """Something of it still goes on in the callee."""
        return self.begun and not self.over and not self.model.dead

    def asks(self) -> None:
        """The caller asks."""
        self.asked = True

    def gate(self, waits: bool) -> None:
        """The callee waits for the gate, or goes on after it."""
        self.at_gate = waits

    def inner(self, begins: bool) -> None:
        """What the callee calls in the caller begins, or ends."""
        allow(self.goes_on and begins != self.back, f"the call back of {self.name} began or ended out of its turn")
        self.back = begins

    def begins(self) -> None:
        """The callee's function begins."""
        allow(not self.begun, f"{self.name} began twice")
        allow(self.asked and not self.got, f"{self.name} began after its caller had gone on ({self.got or 'it never asked'})")
        allow(not self.model.closed, f"{self.name} began after the portal was closed")
        self.begun = True

    def takes_cancel(self) -> None:
        """The callee has taken a cancel and ends otherwise: whether that cancel is still due is a law of its own (C14)."""
        self.task.taken()

    def ends(self, how: str) -> None:
        """The callee's function ends: with its value, its error, its own cancel, or something else that it saw."""
        allow(self.begun and not self.over, f"the callee of {self.name} ended twice")
        allow(not self.got, f"the callee of {self.name} ended ({how}) only after its caller had gone on ({self.got})")
        allow(not self.back, f"the callee of {self.name} ended ({how}) while its call back went on")
        self.over, self.at_gate = how, False
        if how == "cancelled":
            self._wanted(f"the callee of {self.name} was cancelled", self.excused or self.do.what == "within")
        elif how not in ("value", "error"):
            allow(self.excused, f"the callee of {self.name} saw {how}")

    def gets(self, how: str) -> None:
        """The caller goes on."""
        allow(self.asked and not self.got, f"{self.name} had a second outcome: {how}")
        allow(not self.goes_on, f"{self.name} went on ({how}) while its callee had not ended")
        self.got, self.at_gate = how, False
        if how == "cancelled":
            self._wanted(f"{self.name} was cancelled")
        else:
            self.task.answered()
        if not self.model.dead:
            allow(self._right(how), f"{self.name} got {how}; its callee ended: {self.over or 'it never began'}")

    def _right(self, how: str) -> bool:
        """Whether the caller may get this, after what the callee has done."""
        if how == "done":
            return not KINDS[self.do.what].crosses
        if how in ("value", "error"):
            return self.over == how
        if how == "timeout" and self.do.what != "within":
            return False
        if how in ("cancelled", "timeout"):
            return self.over in ("", "cancelled") or self.excused
        return self.excused

    def _wanted(self, what: str, otherwise: bool = False) -> None:
        allow(self.task.due or self.task.may or otherwise, f"{what}, and nobody had asked for that")

    @property
    def is_due(self) -> bool:
        """A cancel is on its way to it, or its time is running: it does not rest at its gate."""
        return self.do.what == "within" or self.task.due

    def finish(self) -> None:
        """Nothing remains."""
        allow(not self.asked or self.got, f"{self.name} has no outcome")
        allow(not self.goes_on, f"the callee of {self.name} still goes on")


class StreamSpan(Span):
    """A stream: its source is opened and closed, and items are taken in order."""

    noun = "stream"
    made = taken = 0

    def makes(self, item: int) -> None:
        """The source has an item."""
        allow(self.goes_on and not self.got, f"the source of {self.name} made item {item} after it was over")
        allow(item == self.made, f"the source of {self.name} made item {item} after {self.made} others")
        self.made += 1

    def takes(self, item: str) -> None:
        """The caller has an item."""
        allow(item == f"item {self.taken}" and self.taken < self.made, f"{self.name} gave {item}, not item {self.taken}")
        self.taken += 1
        self.task.answered()

    def ends(self, how: str) -> None:
        """The source is closed."""
        allow(self.begun and not self.over, f"the source of {self.name} was closed twice")
        allow(not self.got, f"the source of {self.name} was closed only after its caller had gone on ({self.got})")
        self.over, self.at_gate = how, False

    def gets(self, how: str) -> None:
        """The caller has left the stream."""
        allow(not self.got, f"{self.name} was left twice")
        allow(not self.goes_on, f"{self.name} was left ({how}) while its source was still open")
        self.got = how
        if how == "cancelled":
            self._wanted(f"{self.name} was cancelled")
        elif how in ("end", "error"):
            right = "error" if self.do.has("error") else "end"
            allow(
                how == right and self.taken == self.do.count,
                f"{self.name} ended with {how} after {self.taken} of {self.do.count}",
            )
        elif how == "left":
            allow(self.taken == self.do.take, f"{self.name} was left after {self.taken} items, not {self.do.take}")
        else:
            allow(self.excused, f"{self.name} got {how}")
        if how != "cancelled":
            self.task.answered()


class ManagerSpan(Span):
    """A manager: begun when its entry begins, `entered` when that has succeeded; left once."""

    noun = "manager"
    entered = False
    body = ""

    def enters(self, how: str) -> None:
        """Its entry ends, in the callee."""
        allow(self.begun and not self.entered and not self.over, f"{self.name} was entered twice")
        allow(not self.got, f"{self.name} was entered ({how}) only after its caller had gone on ({self.got})")
        self.entered, self.at_gate = how == "value", False
        if how == "cancelled":
            self._wanted(f"the entry of {self.name} was cancelled", self.excused)
        elif how != "value":
            allow(how == "error" or self.excused, f"the entry of {self.name} saw {how}")
        if how != "value":
            self.over = how

    def inside(self, value: str) -> None:
        """The caller's body begins."""
        there = self.entered and (not self.over or self.excused)
        allow(there and value == "value", f"the body of {self.name} began with {value}, and it was not entered")
        self.task.answered()

    def leaving(self, how: str) -> None:
        """The caller's body ends."""
        self.body = how

    def leaves(self, saw: str) -> None:
        """It is left, in the callee, and is told why."""
        allow(self.entered and not self.over, f"{self.name} was left, and it was not entered")
        allow(not self.got, f"{self.name} was left only after its caller had gone on ({self.got})")
        self.over = saw
        if self.excused:
            return
        if saw == "cancelled" and (self.task.due or self.task.may):
            return
        if self.body == "cancelled":
            allow(saw == "cancelled", f"{self.name} was left with {saw}; its body was cancelled")
        elif self.body:
            allow(saw == self.body, f"{self.name} was left with {saw}; its body ended with {self.body}")
        else:
            self._wanted(f"{self.name} was left, and its body had not ended")

    def gets(self, how: str) -> None:
        """The caller goes on after it."""
        allow(not self.got, f"{self.name} was left twice")
        allow(not self.goes_on, f"{self.name} was left ({how}) while it was still entered")
        self.got = how
        if how == "cancelled":
            self._wanted(f"{self.name} was cancelled")
        elif how in ("value", "error"):
            failed = self.do.has("error") or (self.do.has("raise") and self.body)
            allow(how == ("error" if failed else "value"), f"{self.name} ended with {how}")
            self.task.answered()
        else:
            allow(self.excused, f"{self.name} got {how}")
            self.task.answered()
