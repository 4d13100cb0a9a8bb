"""What a patched process's portals do: python -m tests.adapters.patched WHO ORDER CALLER prints what accepted.py does.

WHO patches is gevent or eventlet; ORDER "first" patches before anything is imported, "late" when all adapters are.
"""

import sys


def patch(who: str) -> None:
    """As a program's first line does it."""
    if who == "gevent":
        from gevent import monkey

        monkey.patch_all()
    else:
        import eventlet

        eventlet.monkey_patch()


if __name__ == "__main__":
    who, order, caller = sys.argv[1:4]
    if order == "first":
        patch(who)
    from tests.adapters import accepted

    if order == "late":
        patch(who)
    accepted.main(caller)
