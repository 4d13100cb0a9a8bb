"""Native errors, read alike whatever client raised them: what stands behind one, and which kind that makes it."""

import socket
import ssl
from collections.abc import Iterable, Sequence

from scenarios.fetch_and_save.errors import BadResponse, ConnectError, FetchAndSaveError, ResolveError, TLSError

_BROKEN = (ssl.SSLError, ConnectionResetError, ConnectionAbortedError, BrokenPipeError, EOFError)


def kind_of(reasons: Sequence[BaseException], host: str, *, tls: bool, connected: bool) -> FetchAndSaveError:
    """The kind of an error that is no timeout, by all that stands behind it and by how far the hop had come."""
    what = f"{type(reasons[0]).__name__}: {reasons[0]}" if str(reasons[0]) else type(reasons[0]).__name__
    if connected:
        return BadResponse(what)
    if any(isinstance(reason, socket.gaierror) for reason in reasons):
        return ResolveError(f"no address for {host!r}")
    if tls and any(isinstance(reason, _BROKEN) for reason in reasons):
        return TLSError(what)
    return ConnectError(what)


def chain(error: BaseException, before: BaseException | None, contexts: bool) -> Iterable[BaseException]:
    """The error and all that stands behind it: causes, contexts, members of groups, Twisted's reasons and failures."""
    seen = {id(before)}
    queue: list[object] = [error]
    while queue:
        item = queue.pop(0)
        item = getattr(item, "value", item) if not isinstance(item, BaseException) else item
        if not isinstance(item, BaseException) or id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        queue += [item.__cause__, *getattr(item, "exceptions", ()), *(getattr(item, "reasons", None) or ())]
        if contexts:
            queue.append(item.__context__)
