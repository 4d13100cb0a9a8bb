"""The kinds of statements, and what each needs of a side or of the bridge; the needs are those of interop/laws/needs.py."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from interop.laws.model.program import Do


@dataclass(frozen=True)
class Kind:
    """One kind of statement.

    Attributes:
        needs: without any of these, no program has it.
        gate: what the callee waits for until the program opens it: "event", one of its framework's, which a cancel reaches;
            "thread", one that blocks its whole thread. "inner" is for what the callee calls in the caller, "caller" for the
            caller's own task; "" is none.
        crosses: it is a call over the bridge.
        words: the arguments of the call for a reader, with `{n}` for the number and `{count}` for the count.
    """

    needs: frozenset[str] = frozenset()
    gate: str = ""
    crosses: bool = True
    words: str = ""


def _needs(*names: str) -> frozenset[str]:
    return frozenset(names)


KINDS = {
    # Calls.
    "value": Kind(words="answer, {n}"),
    "error": Kind(words="fail, {n}"),
    "works": Kind(words="compute, {n}"),
    "turns": Kind(words="answer_after_turns, {count}, {n}"),
    "slow": Kind(gate="event", words="wait_for, gate_{n}"),
    "blocks": Kind(needs=_needs("thread"), gate="thread", words="block_until, gate_{n}"),
    "nested": Kind(needs=_needs("back"), words="call_back, {n}"),
    "nested-slow": Kind(needs=_needs("back"), gate="inner", words="call_back_and_wait_for, gate_{n}"),
    # Calls that answer a cancel in a way of their own.
    "careful": Kind(needs=_needs("cancel", "edge"), gate="event", words="wait_for_and_clean_up_slowly, gate_{n}"),
    "stubborn": Kind(needs=_needs("cancel", "edge"), gate="event", words="wait_for_and_ignore_a_cancel, gate_{n}"),
    "unclean": Kind(needs=_needs("cancel"), gate="event", words="wait_for_and_fail_in_cleanup, gate_{n}"),
    "within": Kind(needs=_needs("cancel", "caller-timeout"), gate="event", words="wait_for, gate_{n}"),
    # What the caller does by itself.
    "pause": Kind(crosses=False),
    "rest": Kind(gate="caller", crosses=False),
    # Many steps in one task of the callee's.
    "stream": Kind(needs=_needs("stream")),
    "manager": Kind(needs=_needs("enter")),
}  # fmt: skip


def possible(what: str, can: Collection[str]) -> bool:
    """Whether a program for this crossing may have it."""
    return KINDS[what].needs <= set(can)


def gate_of(do: Do) -> str:
    """The kind of gate that a statement has."""
    if do.what not in ("stream", "manager"):
        return KINDS[do.what].gate
    return "event" if do.has("slow") else "thread" if do.has("blocks") else ""
