"""Records for the reports: one of each verdict, one full of hostile strings, and one as big as the whole matrix."""

from __future__ import annotations

import itertools

from interop.record import Finding, Record, new

CHAPTERS = {"V": 14, "C": 16, "X": 12, "L": 14, "R": 16, "S": 9, "H": 12, "F": 7}
LAWS = [(chapter, f"{chapter}{n}") for chapter, count in CHAPTERS.items() for n in range(1, count + 1)]
ON_ASYNCIO = ["asyncio", "asyncio[uvloop]", "tornado", "twisted[asyncio]", "anyio[asyncio]"]
NAMES = [*ON_ASYNCIO, "twisted", "gevent", "eventlet", "trio", "anyio[trio]", "threads"]
EVIL = (
    "</script><script>window.hacked = 1</script><!-- <img src=x onerror='window.hacked=2'> "
    "]]> &amp; \"'`|@all #1 [a](javascript:0)"
    "\n\r\x00\x1b[31m\u202e\ud800\uffff\u2028"
)


def of_each_verdict() -> Record:
    """One finding of each kind, in laws, probes and behaviors."""
    cleanup = "the_caller_resumes_after_the_callees_cleanup"
    findings = [
        Finding("C2", "C", "trio->twisted/thread", "kept", name=cleanup, bridge="portal", seconds=0.012),
        Finding(
            "C2",
            "C",
            "trio->asyncio/thread",
            "broken",
            "expected ['cleaned', 'resumed'], saw ['resumed', 'cleaned']",
            {"expected": ["cleaned", "resumed"], "seen": ["resumed", "cleaned"]},
            cleanup,
            bridge="hasty",
            trace=("resumed", "cleaned"),
        ),
        Finding(
            "L5",
            "L",
            "gevent->asyncio/guest",
            "hung",
            "no outcome in 5 s",
            name="no_wakeup_is_lost",
            bridge="portal",
            stacks="Thread 1\n  hub.py:1 in wait",
        ),
        Finding("R9", "R", "gevent->asyncio/guest", "crashed", "ended by SIGSEGV", name="the_interpreter_exits", bridge="portal"),
        Finding(
            "R8", "R", "gevent->asyncio/guest", "blocked", "the worker died before it", name="it_opens_again", bridge="portal"
        ),
        Finding(
            "R7", "R", "gevent->asyncio/guest", "kit-error", "KeyError in the harness", name="ctrl_c_ends_it", bridge="portal"
        ),
        Finding(
            "C1",
            "C",
            "asyncio->threads/thread",
            "broken",
            "the thread went on",
            name="the_callee_is_cancelled",
            bridge="portal",
            departure="a thread cannot be interrupted: https://docs.python.org/3/library/threading.html",
        ),
        Finding(
            "S1",
            "S",
            "asyncio->threads/thread",
            "not-applicable",
            "threads have no streams",
            name="items_arrive_in_order",
            strength="SHOULD",
            bridge="portal",
        ),
        Finding(
            "P12", "P", "tornado", "observed", "", {"value": ["CancelledError", True]}, "a_cancelled_future_says_so", "PROBE"
        ),
        Finding(
            "bomb-gzip",
            "bombs",
            "tornado",
            "broken",
            "expected TooLarge, saw ok",
            {"expected": {"kind": "TooLarge"}, "seen": {"kind": "ok"}},
        ),
        Finding("bomb-gzip", "bombs", "curio", "not-applicable", "curio not installed; install with: pip install curio"),
    ]
    return new(findings, expected=len(findings), figures={"latest end after a deadline": "0.10 s (trio)"})


def hostile() -> Record:
    """Every string is an attack; the numbers are not numbers."""
    findings = [
        Finding(
            EVIL + str(n),
            EVIL,
            f"{EVIL}->{EVIL}/{EVIL}",
            verdict,
            EVIL,
            {EVIL: [EVIL, {EVIL: float("nan")}]},
            EVIL,
            "MUST",
            EVIL,
            [EVIL],
            float("inf"),
            EVIL,
        )
        for n, verdict in enumerate(("broken", "hung", "kept", "not-applicable"))
    ]
    findings.append(Finding("C1", "C", EVIL, "broken", EVIL, departure=EVIL))
    return new(findings, expected=len(findings) + 1, figures={EVIL: EVIL})


def big() -> Record:
    """A hundred laws on every crossing: more than 20,000 findings."""
    findings = []
    for n, (caller, callee, topology) in enumerate(itertools.product(NAMES, NAMES, ("loop", "guest", "thread"))):
        if topology == "loop" and not {caller, callee} <= set(ON_ASYNCIO):
            continue
        for m, (chapter, law) in enumerate(LAWS):
            fate = (n * 31 + m * 17) % 997
            verdict, reason, departure = "kept", "", ""
            if fate in range(3, 12):
                verdict, reason = "broken", "expected ['cleaned', 'resumed'], saw ['resumed', 'cleaned']"
            elif fate == 12:
                verdict, reason = "hung", "no outcome in 5 s"
            elif chapter == "S" and "threads" in (caller, callee):
                verdict, reason = "not-applicable", "threads have no streams"
            elif law == "C1" and callee == "threads":
                verdict, reason, departure = "broken", "the thread went on", "a thread cannot be interrupted"
            findings.append(
                Finding(
                    law,
                    chapter,
                    f"{caller}->{callee}/{topology}",
                    verdict,
                    reason,
                    {"tried": 12},
                    f"law_{law}_says_what_every_bridge_has_to_keep",
                    "SHOULD" if m % 9 == 0 else "MUST",
                    "portal",
                    ("called", "started", "ended"),
                    fate / 1e4,
                    departure=departure,
                )
            )
    return new(findings, expected=len(findings))
