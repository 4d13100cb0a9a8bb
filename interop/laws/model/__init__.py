"""A model of a crossing, random programs over it, and what it takes to run one on a real bridge (chapter M).

program.py    a program: statements of the caller's tasks, and the steps that start, cancel and release them
alphabet.py   the kinds of statements, and what each needs of a side or of the bridge
generate.py   a random program from a seed
expected.py   the model: which events may follow which, and what has to be over at the end
spans.py      the model of one call, one stream, one manager
callee.py     the callee's functions that a program calls: each logs what it does
running.py    a program on a real bridge, compared with the model after each step
shrinking.py  the smallest program that still differs
printing.py   a program in the caller's own words

The idea is that of stateful testing, as in Hypothesis or QuickCheck: generate, run beside a model, shrink.
"""
