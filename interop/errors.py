"""Every exception of the kit that a user can meet has InteropError on top, and builds its own sentence."""

from __future__ import annotations


class InteropError(Exception):
    """What the kit has to tell a user; the message is one line and holds no secret."""


class FrameworkMissing(InteropError):
    """A framework that was asked for by name is not installed."""

    def __init__(self, wanted: str, package: str, extra: str) -> None:
        super().__init__(
            f"cannot open a portal to {wanted!r}: {package} is not installed. "
            f"Install it with: pip install 'async-interop[{extra}]'"
        )


class UnknownFramework(InteropError):
    """A name that no adapter answers to."""

    def __init__(self, wanted: object, known: list[str]) -> None:
        super().__init__(f"no adapter is called {wanted!r}. Known: {', '.join(known)}")


class NotRunning(InteropError):
    """current() was called where the framework's loop does not run."""

    def __init__(self, framework: str, where: str) -> None:
        super().__init__(f"no {framework} loop runs in this thread: call interop.adapters.{framework}.current() {where}")


class CannotStart(InteropError):
    """A framework cannot run in this process, or in this thread of it; nothing was started."""

    def __init__(self, framework: str, why: str, instead: str) -> None:
        super().__init__(f"cannot start {framework!r}: {why}. Instead: {instead}")


class AlreadyRunning(CannotStart):
    """A loop of which the process has only one is asked for a second time."""

    def __init__(self, framework: str, instead: str) -> None:
        super().__init__(framework, "it already runs in this process", instead)


class NoSuchTopology(InteropError):
    """The two frameworks cannot be put side by side in this way."""

    def __init__(self, caller: str, callee: str, topology: str, reason: str) -> None:
        super().__init__(f"no crossing {caller}->{callee}/{topology}: {reason}")


class PeerGone(InteropError):
    """The callee's loop has ended, or is ending; every outstanding call fails with this."""

    def __init__(self, framework: str, why: str) -> None:
        super().__init__(f"the {framework} loop that this call needs is gone: {why}")


class PortalClosed(PeerGone):
    """The portal was closed before the call, or around it."""

    def __init__(self, crossing: str) -> None:
        InteropError.__init__(self, f"the portal {crossing} is closed; open a new one with open_portal()")


class CalleeCancelled(InteropError):
    """The callee ended with a cancel that its caller did not ask for; the callee's own exception is the cause."""

    def __init__(self, crossing: str, cause: BaseException | None) -> None:
        super().__init__(f"{crossing}: the callee ended with {type(cause).__name__}, though its caller was not cancelled")


class CalleeRaisedStop(InteropError):
    """The callee raised StopIteration, StopAsyncIteration or GeneratorExit, which no coroutine can pass on; it is the cause."""

    def __init__(self, crossing: str, cause: BaseException) -> None:
        super().__init__(f"{crossing}: the callee raised {type(cause).__name__}, which would end its caller's coroutine")


class CannotCarry(InteropError):
    """The caller's native awaitable cannot hold the callee's result without taking it for something else."""

    def __init__(self, crossing: str, value: object, reason: str) -> None:
        super().__init__(f"{crossing}: the callee returned a {type(value).__name__}: {reason}")


class OwnLoop(InteropError):
    """A blocking call into a loop that runs, blocked, below it in the same thread: it could never return."""

    def __init__(self, crossing: str, instead: str) -> None:
        super().__init__(f"{crossing}: this call would block the very loop that has to answer it. Instead: {instead}")


class WrongThread(InteropError):
    """A portal belongs to the loop that opened it."""

    def __init__(self, crossing: str) -> None:
        super().__init__(f"{crossing}: this portal was opened by another loop or thread; open one here")


class CannotWrap(InteropError):
    """wrap() was given something that is no foreign awaitable, or does not say whose it is."""

    def __init__(self, value: object, reason: str) -> None:
        super().__init__(f"cannot wrap a {type(value).__name__}: {reason}")
