"""What changes for somebody who upgrades: environments before and after, built, observed and compared.

comparison.py    plan both sides, observe what touches what moved, observe again what differs, and compare
planning.py      requirements in, exact versions out; what cannot be had is a finding
environments.py  exact versions in, an environment in the cache out, with the kit on its path
observe.py       one environment observed by a process of its own, and the record in the cache
inside.py        what runs there: python -m interop.upgrade.inside REQUEST.json
selection.py     which checks touch which packages
bisection.py     the first release that differs
covering.py      every pair of (Python, release line) in as few environments as can be; matrix.json has them
tox.py           the same as tox environments and as CI's matrix
results.py       what changed at which release line, as a page
uv.py pythons.py cache.py    the installer, the interpreters of this machine, the place for it all
"""
