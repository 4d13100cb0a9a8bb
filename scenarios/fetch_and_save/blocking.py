"""What blocking HTTP clients lack: one deadline for every step, and a watch on what they read.

http.client, and with it urllib3 and Eventlet's copy of it, reads a response from a buffered file over the socket; Watch is the
raw side of that file. A blocked thread has no cancellation: it is reached by expiring its deadline, which shuts its socket.
"""

import contextlib
import functools
import io
import queue
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from scenarios.fetch_and_save.contract import Deadline, Visit, client_context

PIECE = 64 * 1024  # bytes of one read

Answer = TypeVar("Answer")
Address = tuple[Any, ...]  # as getaddrinfo() gives it


class Watch(io.RawIOBase):
    """Reads a socket's file and shows the visit what came, before the client's parser sees it.

    Args:
        raw: the socket's own unbuffered file.
        ready: called before each read; raises TimeoutError when there is no time left.
    """

    def __init__(self, raw: io.RawIOBase, visit: Visit, ready: Callable[[], object]) -> None:
        self._raw, self._visit, self._ready = raw, visit, ready
        self._piece = memoryview(bytearray(PIECE))
        self._plain = b""

    def readable(self) -> bool:
        """As io has it."""
        return True

    def readinto(self, buffer: Any) -> int:
        """As io has it: 0 only when the peer has closed."""
        while not self._plain:
            self._ready()
            size = self._raw.readinto(self._piece) or 0
            if not self._visit.deadline.left:
                raise TimeoutError("the deadline has passed")  # what looks like the peer's end may be the shut socket
            self._plain = self._visit.received(bytes(self._piece[:size]))
            if not size:
                break
        size = min(len(buffer), len(self._plain))
        buffer[:size], self._plain = self._plain[:size], self._plain[size:]
        return size

    def close(self) -> None:
        """Close the socket's file too."""
        self._raw.close()
        super().close()


def watched(response_class: Any, visit: Visit, ready: Callable[[Any, Deadline], object]) -> Any:
    """An http.client connection's response_class, with the watch under each response."""

    def response(sock: Any, *args: Any, **kwargs: Any) -> Any:
        made = response_class(sock, *args, **kwargs)
        made.fp = io.BufferedReader(Watch(made.fp.detach(), visit, functools.partial(ready, sock, visit.deadline)), PIECE)
        return made

    return response


def bound(sock: socket.socket, deadline: Deadline, turns: int = 1) -> None:
    """Let what the socket does next take no longer than its share of what is left. Raises TimeoutError if nothing is."""
    left = deadline.left
    if not left:
        raise TimeoutError("the deadline has passed")
    sock.settimeout(left / turns)


def connect(visit: Visit) -> Any:
    """A connection to the visit's place, TLS included, or TimeoutError when that takes longer than it may."""
    context = client_context() if visit.url.scheme == "https" else None
    limit = Deadline(visit.connect_timeout)
    visit.deadline.on_expire(limit.expire)
    sock = reach(resolve(visit.url.host, visit.url.port, limit), limit)
    try:
        if context is not None:
            # A ragged end is no end: somebody on the way may have cut a body that only the end delimits.
            sock = context.wrap_socket(
                sock, server_hostname=visit.url.certified, do_handshake_on_connect=False, suppress_ragged_eofs=False
            )
            limit.on_expire(functools.partial(shut, sock))
            bound(sock, limit)
            sock.do_handshake()
        visit.connected()
        bound(sock, visit.deadline)
    except BaseException:
        sock.close()
        raise
    return sock


def resolve(host: str, port: int, limit: Deadline) -> Sequence[Address]:
    """Ask the system's resolver, in a thread that is given up when the time is over: nothing can interrupt getaddrinfo()."""
    answers: queue.SimpleQueue[Sequence[Address] | BaseException] = queue.SimpleQueue()
    limit.on_expire(functools.partial(answers.put, TimeoutError("the deadline has passed")))

    def ask() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except Exception as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=limit.left)
    except queue.Empty:
        raise TimeoutError("the resolver did not answer in time") from None
    return returned(answer)


def returned(answer: Answer | BaseException) -> Answer:
    """Give, or raise, what another thread has sent."""
    if isinstance(answer, BaseException):
        try:
            raise answer
        finally:
            del answer  # its traceback has this frame, which would keep both alive
    return answer


def reach(addresses: Sequence[Address], limit: Deadline, socket_class: Callable[..., Any] = socket.socket) -> Any:
    """Try every address, each for its share of what is left."""
    for turns, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
        try:
            return reach_one(socket_class(*address[:3]), address[4], limit, turns)
        except OSError:
            if turns == 1:
                raise
    raise OSError("the host has no address")


def reach_one(sock: Any, address: Any, limit: Deadline, turns: int) -> Any:
    """Try one address, for one of that many turns."""
    try:
        limit.on_expire(functools.partial(shut, sock))
        bound(sock, limit, turns)
        sock.connect(address)
    except BaseException:
        sock.close()
        raise
    return sock


def shut(sock: socket.socket) -> None:
    """Wake the thread that is blocked on the socket."""
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
