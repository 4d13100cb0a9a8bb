"""A program in the caller's own words: what somebody would write who wanted to see the difference."""

from __future__ import annotations

from collections.abc import Iterator

from interop.laws.model.alphabet import KINDS, gate_of
from interop.laws.model.caller import SECONDS
from interop.laws.model.program import Do, Program, Step
from interop.laws.world import World

# What a driver's `words` may say in its framework's terms.
WORDS = {
    "start": "task_{0} = start({0})",
    "cancel": "task_{0}.cancel()",
    "join": "join(task_{0})",
    "turn": "let_others_run()",
    "within": "within({0}, {1})",
}
GATES = {
    "event": "an event of the callee's",
    "thread": "a threading.Event",
    "inner": "an event of the caller's",
    "caller": "an event",
}


class Printer:
    """Prints one program for one crossing."""

    def __init__(self, world: World, program: Program) -> None:
        self.program, self.world = program, world
        self.words: dict[str, str] = {**WORDS, **getattr(world.caller, "words", {})}  # Somebody else's driver may have none.
        self.wait, self.define = ("", "def") if world.caller.blocking else ("await ", "async def")
        self.block = "" if world.caller.blocking else "async "

    def lines(self, after: Step | None = None, difference: str = "") -> Iterator[str]:
        """All of it; the difference stands behind the step after which it was seen, or behind the end."""
        bridge = self.world.bridge
        for _, do in self.program.statements():
            if kind := gate_of(do):
                yield f"gate_{do.number} = ...  # {GATES[kind]}"
        yield "the_end = ...  # an event"
        for name, script in self.program.tasks:
            yield ""
            yield f"{self.define} {name}():"
            for do in script:
                yield from self._statement(do, "    ")
            yield f"    {self.wait}the_end.wait()"
        yield ""
        yield f"# {self.world.caller.name} calls {self.world.callee.name}; topology: {bridge.topology}; bridge: {bridge.name}"
        yield f"{self.block}with open_portal() as portal:"
        for step in self.program.steps:
            yield "    " + self._step(step)
            if step is after:
                yield f"    # HERE: {difference}"
                return
        if after is None:
            yield "    # every gate is opened"
            yield "    the_end.set()"
            for name in dict.fromkeys(step.task for step in self.program.steps if step.what == "start"):
                yield "    " + self.words["join"].format(name)
            if difference:
                yield f"# HERE: {difference}"

    def _step(self, step: Step) -> str:
        if step.what in ("start", "cancel"):
            return self.words[step.what].format(step.task)
        if step.what == "turns":
            return f"for _ in range({step.number}): " + self.words["turn"]
        return {
            "open": f"gate_{step.number}.set()",
            "settle": "# until each task waits for something that has not happened yet",
            "close": f"{self.wait}portal.close()  # and, a little later, every gate that blocks a thread is opened",
            "kill": "# every gate that blocks a thread is opened, and the callee's loop ends",
        }[step.what]

    def _statement(self, do: Do, indent: str) -> Iterator[str]:
        gate = f"gate_{do.number}"
        if do.what == "pause":
            yield indent + self.words["turn"]
        elif do.what == "rest":
            yield f"{indent}{self.wait}{gate}.wait()"
        elif do.what == "within":
            yield indent + self.words["within"].format(SECONDS, f"{self.wait}portal.call(wait_for, {gate})")
        elif do.what == "stream":
            yield from self._stream(do, indent)
        elif do.what == "manager":
            yield from self._manager(do, indent)
        else:
            said = KINDS[do.what].words.format(n=do.number, count=do.count)
            yield f"{indent}{self.wait}portal.call({said})" + _remarks(do)

    def _stream(self, do: Do, indent: str) -> Iterator[str]:
        yield f"{indent}{self.block}with portal.stream(source, {do.count}) as items_{do.number}:{_remarks(do, 'its last item')}"
        if not do.take and do.count:
            yield f"{indent}    pass"
            return
        yield f"{indent}    {self.block}for item in items_{do.number}:"
        if do.body:
            yield f"{indent}        if item is the first:"
            for each in do.body:
                yield from self._statement(each, indent + "            ")
        if do.take < do.count:
            yield f"{indent}        if {do.take} are taken: break"
        elif not do.body:
            yield f"{indent}        pass"

    def _manager(self, do: Do, indent: str) -> Iterator[str]:
        yield f"{indent}{self.block}with portal.enter(manager_{do.number}):{_remarks(do, 'its entry')}"
        for each in do.body:
            yield from self._statement(each, indent + "    ")
        if do.has("raise"):
            yield f"{indent}    raise Failed({do.number})"
        elif not do.body:
            yield f"{indent}    pass"


def _remarks(do: Do, what: str = "") -> str:
    found = []
    if do.has("slow"):
        found.append(f"{what} waits for gate_{do.number}")
    if do.has("blocks"):
        found.append(f"{what} blocks the callee's thread until gate_{do.number}")
    if do.has("error"):
        found.append("it fails at its end" if what == "its last item" else "it fails")
    if do.has("falsy"):
        found.append("its values and errors are false")
    return "  # " + "; ".join(found) if found else ""
