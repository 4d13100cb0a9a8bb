"""The laws: numbered sentences that every bridge must keep, a file for each idea; a large chapter has several.

law.py        what a law is, and the catalogue
world.py      what a law sees: two sides, a bridge, a trace
needs.py      what a law may need, and why it does not apply where that is missing
threads.py    what laws ask of other threads: that they wait, that one sets an event, that they end, that they sleep
values cancellation context liveness resources streams hybrids sequences fetching    chapters V C X L R S H M F
model/        what chapter M runs: random programs beside a model of a crossing
wrapped.py    H: what wrap() takes beside a framework's own futures
odd_values.py V, S, H: what is easily taken for something else: keywords, what is false, what ends a generator
at_home.py    X: what frameworks say of their own threads
cancel_moments.py C: when a cancel comes, and what is left of it
peers.py      L, C, X: peers that call back, that end, and that say so with the right error
growth.py     R: what grows, what stays, and what works though nobody asks for anything
endings.py    R, L: what becomes of what is open, and of what is on its way, when the caller's loop ends
sessions.py   R: what becomes of a session in a process that was forked
afterwards.py C, R: what a call or a session leaves to the next one
stream_starts.py S: how streams begin: what a source may be, and what a cancel or a close meets there
stream_ends.py S: how streams and managers end when something is cancelled or dropped at their very end
untestable.py the rules that cannot be tested, with the reason
"""
