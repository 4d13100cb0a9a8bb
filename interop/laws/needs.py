"""What a law may need of a side or of the bridge, and the sentence for where that is missing."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

from interop.laws.world import World


def _callers_cancel(world: World) -> str | None:
    """Whether the caller's cancel can be raised in the callee, where it is an error like any other."""
    caller = world.caller
    if caller.library == "trio":
        return "only Trio makes a Cancelled"
    if issubclass(caller.cancel_type, world.callee.cancel_type):
        return f"the cancel of {caller.name} is the callee's own, too"
    # The cancel of plain threads is this kit's own: to others it is an error like any other.
    return None if caller.has_loop else _bridge(world, "cancel", "knows no cancel of threads")


def _bridge(world: World, what: str, instead: str) -> str | None:
    return None if what in world.bridge.has else f"{world.bridge.name} {instead}"


# need: why a law that has it does not apply to this world; None if it does.
NEEDS: dict[str, Callable[[World], str | None]] = {
    # The bridge.
    "cancel": lambda w: _bridge(w, "cancel", "cancels nothing"),
    "stream": lambda w: _bridge(w, "stream", "has no streams"),
    "enter": lambda w: _bridge(w, "enter", "enters no context managers"),
    "wrap": lambda w: _bridge(w, "wrap", "wraps no awaitables"),
    "wrap-any": lambda w: _bridge(w, "wrap-any", "wraps nothing but the futures of frameworks"),
    "wrap-back": lambda w: _bridge(w, "wrap-back", "does not say that the callee can wrap what the caller waits for"),
    "opens": lambda w: _bridge(w, "open", "cannot be opened and closed by itself"),
    "inward": lambda w: _bridge(w, "inward", "is not held by blocking code"),
    "back": lambda w: _bridge(w, "back", "has no way back"),
    "drops": lambda w: _bridge(w, "drop", "does not say what becomes of a session that nobody closes"),
    "refuses": lambda w: _bridge(w, "refuse", "does not say what it refuses"),
    "dies": lambda w: _bridge(w, "dies", "does not say that it survives its peer"),
    "errors": lambda w: None if w.bridge.errors else f"{w.bridge.name} does not say which errors its callers get",
    # The scenario.
    "fetch": lambda w: "there is no scenario here" if w.scenario is None else w.scenario.missing(),
    # The topology.
    "thread": lambda w: None if w.topology == "thread" else "both sides share a thread",
    "owns-loop": lambda w: (
        "the callee's loop is the caller's, or hosts it" if w.topology in ("loop", "hosted", "alone") else None
    ),
    "two-of-a-kind": lambda w: (
        None
        if w.topology in ("thread", "guest", "hosted") and w.caller.has_loop and type(w.caller) is type(w.callee)
        else "caller and callee are no two loops of one framework"
    ),
    # What is installed.
    "sniffio": lambda w: None if importlib.util.find_spec("sniffio") else "sniffio is not installed",
    # The caller.
    "caller-timeout": lambda w: None if w.caller.timeout_type else f"{w.caller.name} has no timeout that ends what it waits for",
    "blocking": lambda w: None if w.caller.name == "threads" else f"a call from {w.caller.name} does not block the thread",
    "waits-in-its-loop": lambda w: (
        None
        if w.caller.blocking and (not w.caller.has_loop or w.topology == "guest")
        else f"{w.caller.name} cannot block the callee's loop with a call into it"
    ),
    "why": lambda w: None if w.caller.says_why else f"a cancel in {w.caller.name} has no message",
    "callers-cancel": _callers_cancel,
    "callers-library": lambda w: None if w.caller.library else f"anyio does not run on {w.caller.name}",
    "greenlets": lambda w: (
        None
        if w.caller.blocking and w.caller.has_loop and w.topology == "guest" and w.callee.library != "trio"
        else "the callee is no asyncio guest whose greenlet can wait in the middle of a step"
    ),
    "below": lambda w: None if w.caller.below else f"{w.caller.name} cancels its tasks itself",
    "lets-go": lambda w: None if w.caller.lets_go else f"a loop of {w.caller.name} does not end without its clean-up",
    "plain-caller": lambda w: None if w.caller.blocking else f"a call from {w.caller.name} is awaited in a coroutine",
    "second-loop": lambda w: "a process has one default reactor" if w.caller.name.startswith("twisted") else None,
    "caller-loop": lambda w: None if w.caller.has_loop else "threads issue in no order, and are scheduled by the system",
    "caller-edge": lambda w: (
        f"a cancel in {w.caller.name} lasts as long as its scope: the task that reads cannot go on outside"
        if w.caller.level
        else None
    ),
    "rearm": lambda w: (
        "cancelling a Deferred is a request: one that has a value is done" if w.caller.name.startswith("twisted") else None
    ),
    # The callee.
    "callee-loop": lambda w: None if w.callee.has_loop else "a plain function has no loop",
    "edge": lambda w: (
        f"the cancel of {w.callee.name} is level-triggered: cleanup that waits has to be shielded" if w.callee.level else None
    ),
    "lasts": lambda w: None if w.lasts else f"{w.bridge.name} ends the callee's loop after each call",
    "ends-by-an-error": lambda w: None if w.callee.ends_by else f"the loop of {w.callee.name} ends without an error",
    "callee-order": lambda w: (
        "Trio runs the tasks of one batch in random order on purpose, so that nobody comes to rely on an order"
        if w.callee.library == "trio"
        else None
    ),
    "cancels-itself": lambda w: (
        "in Trio only a scope can cancel, and the scope takes it back"
        if w.callee.library == "trio"
        # The cancel of plain threads is this kit's own: to others it is an error like any other.
        else None
        if w.callee.has_loop
        else _bridge(w, "cancel", "knows no cancel of threads")
    ),
    "many": lambda w: None if w.callee.has_loop else _bridge(w, "many", "has a pool with a limit"),
    "ends-tasks": lambda w: (
        f"tasks of {w.callee.name} that nobody waits for do not hear that their loop ends"
        if w.callee.blocking or w.callee.name.startswith("twisted")
        else None
    ),
    "keeps-nothing": lambda w: w.callee.keeps or None,
    "ends-timers": lambda w: w.callee.keeps_timers or None,
    "pool": lambda w: w.callee.no_pool or None,
    "callee-timeout": lambda w: None if w.callee.timeout_type else f"{w.callee.name} has no timeout that ends what it waits for",
    # The flavour of the callee's function: each says for itself.
    "base-exceptions": lambda w: None,
    "exits": lambda w: None,
}


def missing(world: World, needs: frozenset[str]) -> str | None:
    """Why a law with these needs does not apply to this world; None if it does.

    Raises:
        KeyError: no need is called like that.
    """
    for need in sorted(needs):
        reason = NEEDS[need](world)
        if reason is not None:
            return reason
    lacks = world.callee.flavours.get(world.flavour, {})
    return next((lacks[need] for need in sorted(needs) if need in lacks), None)
