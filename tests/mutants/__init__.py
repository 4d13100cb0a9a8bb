"""How much the laws see: mutants of the core, and which of them some law kills (python -m tests.mutants --help).

A mutant is a small change of the source, made by the operators of cosmic-ray and mutmut. It runs in a copy of the package
(tree.py), where a process of its own (judge.py) checks the laws on the crossings that fit the file (crossings.py) and stops at
the first law that is not kept (trial.py). What came of each is kept (results.py), so that a change costs its own mutants only.
"""
