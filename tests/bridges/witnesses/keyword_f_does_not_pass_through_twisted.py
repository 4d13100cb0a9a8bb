"""Twisted's deferToThread() and maybeDeferred(): a keyword that is called as their own parameter does not pass (V19)."""

import sys

from twisted.internet.defer import maybeDeferred


def callee(f: int) -> int:
    return f


try:
    maybeDeferred(callee, f=1)  # deferToThread(f, ...), deferToThreadPool(reactor, ...) and callInThread(func, ...) alike
except TypeError as error:
    print(f"callee(f=1): {error}")
    sys.exit(1)
print("it passes")
