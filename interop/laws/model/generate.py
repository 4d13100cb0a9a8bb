"""A random program from a seed: the same seed, the same chapter and the same abilities of a crossing give the same program."""

from __future__ import annotations

import itertools
import random
from collections.abc import Collection, Sequence

from interop.laws.model.alphabet import gate_of, possible
from interop.laws.model.program import Do, Program, Step

NAMES = "abc"
END_NEEDS = {"close": {"opens"}, "kill": {"opens", "dies", "callee-loop", "owns-loop"}}
INSIDE = ("value", "error", "turns", "slow", "blocks", "pause", "rest")  # what a stream's or a manager's body may have

SMALLEST, LARGEST = 5, 40  # statements and steps of a program


def generate(seed: str, kinds: Sequence[str], ends: Sequence[str], can: Collection[str], cancels: bool) -> Program:
    """A program of 5 to 40 statements and steps.

    Args:
        kinds: the statements that it may have; a kind that is named twice comes twice as often.
        ends: how it may end: "close", "kill".
        can: the needs that hold on this crossing.
        cancels: tasks may be cancelled.
    """
    for attempt in itertools.count():
        program = Maker(f"{seed} {attempt}", kinds, ends, can, cancels).program()
        if SMALLEST <= program.size <= LARGEST:
            return program
    raise AssertionError


class Maker:
    """Makes one program of any size; the arguments are those of generate()."""

    def __init__(self, seed: str, kinds: Sequence[str], ends: Sequence[str], can: Collection[str], cancels: bool) -> None:
        self.dice, self.can = random.Random(seed), can
        self.kinds = [what for what in kinds if possible(what, can)]
        self.ends, self.number = [end for end in ends if END_NEEDS[end] <= set(can)], 0
        self.cancels = cancels and "cancel" in can

    def program(self) -> Program:
        """One."""
        dice = self.dice
        tasks = dice.choice((1, 2, 2, 3)) if "many" in self.can else 1
        scripts = tuple((NAMES[index], self.script()) for index in range(tasks))
        if dice.random() < 0.4 and tasks > 1 and possible("blocks", self.can):
            self.number += 1  # The callee is busy from the beginning.
            scripts = (("a", (Do("blocks", self.number), *scripts[0][1][:2])), *scripts[1:])
        return Program(scripts, tuple(self.steps(scripts)))

    def script(self) -> tuple[Do, ...]:
        """What one task does."""
        return tuple(self.statement(self.kinds) for _ in range(self.dice.choice((1, 2, 2, 3, 3, 4))))

    def statement(self, kinds: Sequence[str]) -> Do:
        """One statement."""
        dice, what = self.dice, self.dice.choice(kinds)
        self.number += 1
        number, how = self.number, ["falsy"] if dice.random() < 0.15 else []
        gates = ["", "", "slow", "blocks"] if "thread" in self.can else ["", "", "slow"]
        count = take = 0
        body: tuple[Do, ...] = ()
        if what == "turns":
            count = dice.randrange(6)
        elif what == "nested":
            how.append(dice.choice(("", "error")))
        elif what == "stream":
            how += [dice.choice(gates), dice.choice(("", "", "error"))]
            count = dice.randrange(1, 5)
            take = dice.choice((count, count, dice.randrange(count)))
        elif what == "manager":
            how += [dice.choice((*gates, "error")), dice.choice(("", "", "raise"))]
        if what in ("stream", "manager"):
            inside = [each for each in INSIDE if possible(each, self.can)]
            body = tuple(self.statement(inside) for _ in range(dice.randrange(3)))
        return Do(what, number, " ".join(filter(None, how)), count, take, body)

    def steps(self, scripts: Sequence[tuple[str, tuple[Do, ...]]]) -> list[Step]:
        """Starts, cancels and open gates, each followed by rest or by a race."""
        dice, steps = self.dice, list[Step]()
        names = [name for name, _ in scripts]
        gates = {name: [do.number for top in script for do in top.all() if gate_of(do)] for name, script in scripts}
        started: list[str] = []
        for _ in range(dice.randrange(4, 14)):
            if names and (not started or dice.random() < 0.5):
                started.append(names.pop(0))
                steps.append(Step("start", started[-1]))
            else:
                name = dice.choice(started)
                timed = any(do.what == "within" for top in dict(scripts)[name] for do in top.all())
                if self.cancels and not timed and dice.random() < 0.35:
                    steps.append(Step("cancel", name))
                elif gates[name]:
                    steps.append(Step("open", number=gates[name].pop(0)))
            if steps and steps[-1].what not in ("turns", "settle"):
                steps.append(Step("settle") if dice.random() < 0.65 else Step("turns", number=dice.randrange(6)))
        if self.ends:
            steps.append(Step(dice.choice(self.ends)))
        return steps
