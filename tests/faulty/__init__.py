"""Faulty bridges: for every law one that breaks it. A file a chapter, and kills.json with the exact laws that each breaks.

fault.py      what a faulty bridge is: our own portals, with one thing done wrong
values cancellation context liveness resources streams hybrids    the faults, chapter by chapter
matrix.py     every fault against every law, as the runner sees it
pin.py        writes kills.json, here and for `interop laws ID`
"""
