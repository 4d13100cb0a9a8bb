"""Native errors, read alike whatever client raised them: what stands behind one, and which kind that makes it."""

import errno
import socket
import ssl
from collections.abc import Iterable, Sequence

from scenarios.fetch_and_save.errors import BadResponse, ConnectError, FetchAndSaveError, ResolveError, TLSError

_BROKEN = (ssl.SSLError, ConnectionResetError, ConnectionAbortedError, BrokenPipeError, EOFError)
# ENOTCONN is what getpeername() says of a socket that the peer has reset meanwhile.
_RESET = frozenset({errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE, errno.ENOTCONN, errno.ESHUTDOWN})


def kind_of(reasons: Sequence[BaseException], host: str, *, tls: bool, connected: bool) -> FetchAndSaveError:
    """The kind of an error that is no timeout, by all that stands behind it and by how far the hop had come."""
    what = said(reasons)
    if connected:
        return BadResponse(what)
    if any(isinstance(reason, socket.gaierror) for reason in reasons):
        return ResolveError(f"no address for {host!r}")
    if any(_is_broken(reason) for reason in reasons):
        # There was a connection, whatever the client was about when the reset came: a port that is closed refuses.
        return TLSError(what) if tls else BadResponse(what)
    return ConnectError(what)


def said(reasons: Sequence[BaseException]) -> str:
    """The native error's name, and the first words that it or what stands behind it has."""
    words = next(filter(None, map(str, reasons)), "")
    name = type(reasons[0]).__name__
    return f"{name}: {words}" if words else name


def _is_broken(reason: BaseException) -> bool:
    number = getattr(reason, "errno", None) or getattr(reason, "osError", None)  # osError: Twisted's
    return isinstance(reason, _BROKEN) or (isinstance(number, int) and number in _RESET)


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
