"""The model: what may happen in which order, and what has to be over at the end.

It is fed with each event as it is logged, on whichever side; where a race or a framework permits several outcomes, it allows all
of them. It knows no framework: only what the sides and the bridge can do.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from interop.laws.model.alphabet import gate_of
from interop.laws.model.program import Do, Program
from interop.laws.model.spans import ManagerSpan, Span, StreamSpan, allow


class Task:
    """One of the caller's tasks.

    Attributes:
        due: a cancel was asked for, and has to take effect.
        may: a cancel was asked for, and may have been answered by a call that was done: in Twisted, that is all there is to it.
        waits: its statements are done, and it waits for the program's end.
        inside: what it is in, innermost last.
    """

    def __init__(self, name: str, rearm: bool) -> None:
        self.name, self.rearm = name, rearm
        self.started = self.due = self.may = self.waits = False
        self.over = ""
        self.inside: list[Span] = []

    def taken(self) -> None:
        """Somebody has taken its cancel: it may still be due, or not."""
        self.due, self.may = False, self.may or self.due

    def answered(self) -> None:
        """Something that it waited for is back, whatever was asked meanwhile."""
        if not self.rearm:
            self.taken()


class Model:
    """What is known after the events so far.

    Args:
        can: the needs that hold on this crossing.
    """

    def __init__(self, program: Program, can: Collection[str]) -> None:
        self.tasks = {name: Task(name, "rearm" in can) for name, _ in program.tasks}
        kinds: dict[str, type[Span]] = {"stream": StreamSpan, "manager": ManagerSpan}
        self.spans = {do.number: kinds.get(do.what, Span)(self, self.tasks[name], do) for name, do in program.statements()}
        self.one_loop = "callee-loop" in can
        self.opened: set[int] = set()
        self.closing = self.closed = self.dead = False

    def feed(self, event: tuple[Any, ...]) -> None:
        """One event: its name, the statement's number or the task's name, and what it says.

        Raises:
            Differs: it may not happen now.
        """
        what, who, *more = event
        if isinstance(who, int):
            span = self.spans[who]
            if what == "asks":
                span.task.inside.append(span)
            elif what == "gets" and span in span.task.inside:
                del span.task.inside[span.task.inside.index(span) :]
            if not self.dead:
                getattr(span, what)(*more)
            elif what in ("asks", "gets"):
                getattr(Span, what)(span, *more)  # What the callee still does is its dying loop's business.
        elif what in ("closing", "closed", "dead"):
            setattr(self, what, True)
            for span in self.spans.values() if what == "closed" else ():
                allow(not span.goes_on, f"the portal was closed, and the callee of {span.name} still goes on")
        else:
            getattr(self, what)(self.tasks[who], *more)

    def starts(self, task: Task) -> None:
        """A task has its first step."""
        task.started = True

    def cancels(self, task: Task) -> None:
        """The program is about to cancel a task."""
        task.due = task.due or not task.over

    def waiting(self, task: Task) -> None:
        """A task's statements are done."""
        task.waits = True

    def ends(self, task: Task, how: str) -> None:
        """A task has ended."""
        task.over = how
        if how == "value":
            allow(not task.due, f"{task.name} went on to its end: its cancel had no effect")
        elif how == "cancelled":
            allow(task.due or task.may, f"{task.name} was cancelled, and nobody had asked for that")
        else:
            allow(False, f"{task.name} ended with {how}")

    def joined(self, task: Task, kind: str) -> None:
        """What its framework says of a task that has ended."""
        allow(kind == task.over, f"{task.name} ended with {task.over}, and its framework says: {kind}")

    @property
    def blocked(self) -> bool:
        """The callee's only thread waits for a gate."""
        return self.one_loop and any(
            span.at_gate and gate_of(span.do) == "thread" and number not in self.opened for number, span in self.spans.items()
        )

    def rests(self, task: Task) -> bool:
        """Whether a task does nothing until the program's next step, if all is as it should be."""
        if not task.started or task.over:
            return True
        if task.waits:
            return not task.due
        span = task.inside[-1] if task.inside else None
        if span is None:
            return False
        gate, is_open = gate_of(span.do), span.do.number in self.opened
        if gate == "caller":
            return not is_open and not task.due
        if self.blocked and span.do.what != "pause":
            return True
        return span.at_gate and not is_open and (gate == "thread" or not span.is_due)

    def gate(self, number: int) -> Do:
        """The statement of a gate."""
        return self.spans[number].do

    def finish(self) -> None:
        """All tasks have ended, and the portal is closed: nothing remains."""
        for task in self.tasks.values():
            allow(not task.started or task.over, f"{task.name} has not ended")
        for span in self.spans.values():
            span.finish()
