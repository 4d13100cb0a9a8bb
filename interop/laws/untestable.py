"""The rules that no law here can check, each with the reason; they have no id, for nothing is ever found about them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """A sentence that holds or should hold, and why it is not checked."""

    chapter: str
    sentence: str
    reason: str


UNTESTABLE = (
    Rule(
        "V",
        "a value is given to the callee's caller and to nobody else",
        "that nobody kept a reference somewhere cannot be seen from outside; V13 checks the one case that bites, an "
        "error in a cycle",
    ),
    Rule(
        "V",
        "no interleaving of an end and a cancel gives two outcomes",
        "there is no end of interleavings: V10 tries forty and C12 thirty-two, which finds what has been found in real "
        "bridges, and is no proof",
    ),
    Rule(
        "C",
        "the callee can see the caller's deadline",
        "no bridge offers it, ours included: a deadline is the caller's own business, and what crosses is the cancel (C10)",
    ),
    Rule(
        "C",
        "a callee that never answers a cancel is given up in the end",
        "when is a question of policy, not of right and wrong: structured concurrency says never, and a caller that has "
        "a limit can say so",
    ),
    Rule(
        "C",
        "a cancel interrupts a blocking function",
        "Python cannot interrupt a thread: a plain function is cancelled where it asks, and until then its caller waits",
    ),
    Rule(
        "X",
        "a callee's debugger, profiler and tracer see the caller",
        "sys.settrace() and sys.monitoring are by thread or by interpreter; in two threads there is no one stack that "
        "they could see",
    ),
    Rule(
        "X",
        "a thread-local of the caller's is the callee's",
        "in another thread it cannot be, and in one thread it is whether one wants it or not; context variables are "
        "what crosses (X1)",
    ),
    Rule(
        "L",
        "both sides get the same share of time",
        "wall time on a machine that does other things proves nothing: L10 and L12 count turns of the loop instead",
    ),
    Rule(
        "L",
        "no wake-up is ever lost",
        "a lost wake-up needs a window of nanoseconds: L5 and L14 try hundreds; the proof is the order of two lines in "
        "the runtime's drain()",
    ),
    Rule(
        "L",
        "a callee that holds the GIL in C stops nobody",
        "it stops every thread of the process, the one that would notice included; the runner's parent process sees it, "
        "and says hung",
    ),
    Rule(
        "L",
        "a peer that was killed from outside is an error",
        "both loops are in one process: what kills one of them with a signal kills the law, too",
    ),
    Rule(
        "R",
        "Ctrl-C reaches the caller, cancels the callees, and leaves both loops closable",
        "it ends the process that would judge it; tests/adapters/test_interrupt.py shows it for our own portals, a process each",
    ),
    Rule(
        "R",
        "interpreter exit does not hang because a portal was left open",
        "the law would be over by then; tests/adapters/test_exit.py shows it for our own portals, a process each",
    ),
    Rule(
        "R",
        "a process may fork while a portal is open",
        "a fork copies one thread and every lock as it is: no framework here supports it, and nothing that a bridge "
        "does can mend it",
    ),
    Rule(
        "R",
        "importing a bridge changes nothing global",
        "by the time a law runs it has been imported; R4 checks what opening changes, and the probes check what "
        "importing frameworks changes",
    ),
    Rule(
        "R",
        "a call that nobody waits for any more, and that fails, is reported once by the callee's own reporter",
        "how a caller stops waiting differs in each framework (a closed coroutine, a dropped Deferred), and most "
        "bridges have no such way; tests/adapters/test_storm.py shows it for our own portals",
    ),
    Rule(
        "R",
        "memory does not grow",
        "allocators keep what they once had: R2 and R3 count threads, files and tasks instead of bytes, and R14 objects",
    ),
    Rule(
        "S",
        "a stream that is dropped without aclose() closes its source at once",
        "when an object is collected is the interpreter's business; where it is closed by name, S2 checks it",
    ),
    Rule(
        "H",
        "an awaitable of no known framework can be wrapped",
        "only the library that made it knows what it means to wait for it: being refused is all that can be asked for (H8)",
    ),
    Rule(
        "F",
        "every client fetches every page in the world alike",
        "there is one origin here, with the faults that we know of: the contract is checked against it, in every framework",
    ),
)
