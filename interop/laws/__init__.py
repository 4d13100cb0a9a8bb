"""The laws: numbered sentences that every bridge must keep, a file a chapter.

law.py        what a law is, and the catalogue
world.py      what a law sees: two sides, a bridge, a trace
needs.py      what a law may need, and why it does not apply where that is missing
values cancellation context liveness resources streams hybrids fetching    chapters V C X L R S H F
untestable.py the rules that cannot be tested, with the reason
"""
