"""A thread that waits is a small loop; one that has ended is a loop that is gone, and still nobody waits for it in vain."""

from __future__ import annotations

import threading

import pytest

from interop.adapters import threads
from interop.call import BACK, Signal
from interop.errors import PeerGone


def ended_thread() -> tuple[threads.Lane, list[str]]:
    """The lane of a thread that has ended, and what it was asked before and has said by then."""
    lanes: list[threads.Lane] = []
    said: list[str] = []
    asked = threading.Event()

    def answer() -> None:
        said.append("asked before the end")
        asked.set()

    def work() -> None:
        lanes.append(threads.current())
        lanes[0].wake(answer)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert asked.wait(60)
    return lanes[0], said


def test_what_a_thread_was_asked_and_did_not_wait_for_is_answered_at_its_end() -> None:
    _, said = ended_thread()
    assert said == ["asked before the end"]


def test_what_comes_for_a_thread_after_its_end_is_answered_by_the_thread_that_brings_it() -> None:
    lane, said = ended_thread()
    lane.wake(lambda: said.append("asked after the end"))
    assert said == ["asked before the end", "asked after the end"]


def test_a_thread_that_has_ended_can_be_called_no_more() -> None:
    lane, _ = ended_thread()
    with pytest.raises(PeerGone), threads.open_portal(lane):
        raise AssertionError("opened")


def test_a_call_whose_thread_has_ended_is_back_at_once() -> None:
    """Else the portal that it went through could never be closed: law S6, threads to Trio, hung once in twenty runs."""
    lane, _ = ended_thread()
    signal = Signal(lane)
    signal.settle()
    assert signal.state == BACK
