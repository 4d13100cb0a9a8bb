"""M: sequences. Random programs of many steps, run on the bridge beside a model of a crossing (interop/laws/model)."""

from __future__ import annotations

from interop.laws.law import law
from interop.laws.model.checking import check
from interop.laws.world import World

CALLS = ("value", "value", "error", "works", "turns", "slow", "blocks", "blocks", "nested", "nested-slow", "pause", "rest")
CANCELS = ("careful", "stubborn", "unclean", "within")
BESIDE = ("value", "blocks", "pause", "slow")  # between streams and managers
STREAMS, MANAGERS = ("stream",) * 4, ("manager",) * 4
CLOSABLE = tuple(what for what in CALLS if not what.startswith("nested"))  # The way back has an end of its own.
STATEFUL = "Claessen and Hughes, QuickCheck (2000), and Hypothesis: stateful testing"
NAMES = ("alphabet", "callee", "caller", "checking", "expected", "generate", "program", "running", "spans")
MODEL = tuple(f"interop.laws.model.{name}" for name in NAMES)
# The programs of `interop run`: those that found most on the adapters of 44d47dc, which lost cancels and left managers entered.
SEEDS = {
    "M1": (8, 13, 28, 46, 55),
    "M2": (4, 10, 41, 51, 52, 62, 79),
    "M3": (3, 4, 13, 21, 33, 67, 76),
    "M4": (1, 6, 7, 36, 37, 70),
    "M5": (10, 17, 24, 25, 40, 46),
    "M6": (5, 12, 14, 26, 41, 51),
}


@law("M1", needs=("lasts",), source=STATEFUL, once=True, modules=MODEL)
async def each_call_of_a_program_has_one_outcome_and_the_right_one(world: World) -> None:
    """Look for what one call leaves to the next, or takes from the one beside it: a queue, a flag, a waiter, a worker."""
    await check(world, "M1", CALLS, seeds=SEEDS["M1"])


@law("M2", needs=("cancel", "lasts"), source=STATEFUL, once=True, modules=MODEL)
async def each_cancel_in_a_program_of_calls_takes_effect(world: World) -> None:
    """Look for a cancel that is counted at one call and compared at another, or that overtakes what it is to cancel."""
    await check(world, "M2", (*CALLS, *CANCELS, "value", "blocks"), cancels=True, seeds=SEEDS["M2"])


@law("M3", needs=("stream", "lasts"), source=STATEFUL, once=True, modules=MODEL)
async def each_stream_of_a_program_is_closed_before_its_caller_goes_on(world: World) -> None:
    """Look for a step that is cancelled while the callee is busy, or before it was asked for, or after its item has left."""
    await check(world, "M3", (*STREAMS, *BESIDE), cancels=True, seeds=SEEDS["M3"])


@law("M4", needs=("enter", "lasts"), source=STATEFUL, once=True, modules=MODEL)
async def whatever_a_program_enters_is_left_before_its_caller_goes_on(world: World) -> None:
    """Look for an entry that is cancelled while the callee is busy, or that succeeds in spite of the cancel."""
    await check(world, "M4", (*MANAGERS, *BESIDE), cancels=True, seeds=SEEDS["M4"])


@law("M5", needs=("cancel", "opens", "lasts"), source=STATEFUL, once=True, modules=MODEL)
async def a_program_can_be_closed_at_any_point_and_nothing_goes_on_after_it(world: World) -> None:
    """Look for what only an open portal answers: a request in the queue, a stream between two items, a call whose peer ends."""
    kinds, ends = (*CLOSABLE, *CANCELS, *STREAMS, *MANAGERS), ("close", "close", "kill")
    await check(world, "M5", kinds, ends=ends, cancels=True, seeds=SEEDS["M5"])


@law("M6", needs=("cancel", "stream", "enter", "lasts"), source=STATEFUL, once=True, modules=MODEL)
async def calls_streams_managers_and_cancels_do_not_disturb_one_another(world: World) -> None:
    """Look for state that calls, streams and managers share: the conversation's task, the portal's table, the callee's inbox."""
    await check(world, "M6", (*CALLS, *CANCELS, *STREAMS, *MANAGERS), cancels=True, seeds=SEEDS["M6"])
