"""Probes, chapter P: what each framework does by itself, in all that glue depends on.

An observation has no right or wrong; it is recorded, so that an upgrade's change shows. One file a framework or library; a
probe imports what it needs when it runs, runs in a process of its own, and a hang or a crash is a value.

probe.py     what a probe is, and the catalogue
one.py       one probe in this process: python -m interop.probes.one P12
"""
