"""One accepted connection of the origin: reads request heads, plays scripts, keeps what the peer's window does not take yet.

TLS runs over memory BIOs, since no library offers to cut a handshake in the middle or to leave out close_notify.
"""

from __future__ import annotations

import contextlib
import json
import selectors
import socket
import ssl
import struct
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from scenarios.origin.listeners import Listener
from scenarios.origin.steps import FIN, FLUSHED, Script

if TYPE_CHECKING:
    from scenarios.origin.server import Server

# When, a tie-breaker, and what to call; None once nobody wants it.
Timer = list[Any]

LINGER_0 = struct.pack("ii", 1, 0)
# A peer that reads as fast as we send must not keep the others waiting.
TURNS = 16
MOST_INPUT = 1 << 20
CLIENT_HELLO = 0x16
NOT_HTTP = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Connection:
    """A peer that scripts are played to."""

    def __init__(self, server: Server, sock: socket.socket, listener: Listener) -> None:
        self.server = server
        self.sock = sock
        self.listener = listener
        self.head = b""
        self.inbox = bytearray()
        self.outbox: deque[memoryview] = deque()
        self.playing: Iterator[float] | None = None
        self.timer: Timer | None = None
        self.finished = False
        self.closed = False
        self.mask = selectors.EVENT_READ
        self.tls: ssl.SSLObject | None = None
        self.shaken = False
        self.read_plain: Callable[[bytes], None] = self.take
        if listener.script:
            self.read_plain = self.take_hello
        elif listener.certificate:
            self.read_plain = self.take_records
            self.wrap()

    def readable(self) -> None:
        """Take what came; the peer's end or reset ends the connection, whatever is being played."""
        try:
            data = self.sock.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
        elif self.finished:  # read on, so that closing is not a reset
            return
        elif len(self.inbox) + len(data) > MOST_INPUT:
            self.reset()
        else:
            self.read_plain(data)

    def take(self, data: bytes) -> None:
        """Take plain HTTP: a whole head that was seen before takes the short way."""
        if self.playing is None and not self.inbox and not self.outbox:
            known = self.server.known.get(data)
            if known is not None:
                self.perform(*known)
                return
        self.inbox += data
        self.next_request()

    def next_request(self) -> None:
        """Start on the next request, if it is all here and the last one is done with."""
        while self.inbox and not (self.playing or self.outbox or self.finished or self.closed):
            end = self.inbox.find(b"\r\n\r\n") + 4
            if self.inbox[0] == CLIENT_HELLO:
                self.start((NOT_HTTP, FIN))
                return
            if end < 4:
                return
            head = bytes(self.inbox[:end])
            del self.inbox[:end]
            self.perform(*self.server.look_up(head))

    def perform(self, head: bytes, name: str, script: Script) -> None:
        """Log the request and answer it."""
        self.server.log[name].append(head)
        self.head = head
        only = script[0] if len(script) == 1 else None
        if isinstance(only, bytes):
            self.send(only)
            self.watch()
        else:
            self.start(script)

    def start(self, script: Script) -> None:
        """Play a script from its beginning."""
        self.playing = self.moves(script)
        self.advance()

    def moves(self, script: Script) -> Iterator[float]:
        """Turn a script into waits."""
        for move in script:
            if isinstance(move, bytes):
                self.send(move)
                yield FLUSHED
            elif callable(move):
                self.send(move())
                yield FLUSHED
            else:
                yield from move.play(self)
            if self.finished:
                return

    def advance(self) -> None:
        """Play on, as far as neither the peer's window nor a pause is in the way."""
        turns = TURNS
        while self.playing is not None and not self.closed and not self.outbox and self.timer is None and turns:
            turns -= 1
            pause = next(self.playing, None)
            if pause is None:
                self.playing = None
            elif pause > FLUSHED:
                self.timer = self.server.call_later(pause, self.resume)
        if not self.closed:
            self.watch(more=not turns)

    def resume(self) -> None:
        """Go on after a pause."""
        self.timer = None
        self.advance()
        self.next_request()

    def writable(self) -> None:
        """Send what is left, then play on."""
        self.flush()
        if self.closed or self.outbox:
            return
        self.advance()
        self.next_request()

    def watch(self, *, more: bool = False) -> None:
        """Ask to be told when the peer can take more, only while there is something to send."""
        mask = selectors.EVENT_READ
        if not self.closed and (self.outbox or more):
            mask |= selectors.EVENT_WRITE
        if not self.closed and mask != self.mask:
            self.mask = mask
            self.server.selector.modify(self.sock, mask, self)

    def send(self, data: bytes) -> None:
        """Send through TLS where there is TLS."""
        if self.tls is None:
            self.send_raw(data)
        elif self.shaken and not self.closed:
            with contextlib.suppress(ssl.SSLError):  # the peer has ended TLS; its FIN follows
                self.tls.write(data)
            self.send_raw(self.outgoing.read())

    def send_with(self, data: bytes, raw: bytes) -> None:
        """Send through TLS, and on the connection itself what is not TLS, in one segment."""
        assert self.tls is not None
        self.tls.write(data)
        self.send_raw(self.outgoing.read() + raw)

    def send_raw(self, data: bytes) -> None:
        """Send on the TCP connection itself."""
        if data and not self.closed:
            if self.outbox:
                self.outbox.append(memoryview(data))
                return
            try:
                sent = self.sock.send(data)
            except BlockingIOError:
                sent = 0
            except OSError:
                self.close()
                return
            if sent < len(data):
                self.outbox.append(memoryview(data)[sent:])
                self.flush()

    def flush(self) -> None:
        """Send until the peer's window is full or nothing is left."""
        try:
            while self.outbox:
                sent = self.sock.send(self.outbox[0])
                if sent < len(self.outbox[0]):
                    self.outbox[0] = self.outbox[0][sent:]
                else:
                    self.outbox.popleft()
        except BlockingIOError:
            pass
        except OSError:
            self.close()

    def finish(self, *, notify: bool) -> None:
        """End our direction: FIN, after close_notify if asked and if there is TLS."""
        self.finished = True
        if self.tls is not None and self.shaken and notify:
            with contextlib.suppress(ssl.SSLError):
                self.tls.unwrap()
            self.send_raw(self.outgoing.read())
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """End both directions at once with RST."""
        if not self.closed:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
            self.close()

    def close(self) -> None:
        """Forget the peer and whatever was left to do for it."""
        if not self.closed:
            self.closed = True
            self.playing = None
            self.outbox.clear()
            if self.timer is not None:
                self.timer[2] = None
            self.server.connections.discard(self)
            self.server.selector.unregister(self.sock)
            self.sock.close()

    def wrap(self) -> None:
        """Put TLS between the peer and us."""
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        context = self.server.contexts[self.listener.certificate]
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)

    def take_records(self, data: bytes) -> None:
        """Take TLS: shake hands, then read plain HTTP out of it."""
        assert self.tls is not None
        self.incoming.write(data)
        plain = b""
        try:
            if not self.shaken:
                self.tls.do_handshake()
                self.shaken = True
            while part := self.tls.read(65536):
                plain += part
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            self.send_raw(self.outgoing.read())
            self.start((FIN,))
            return
        self.send_raw(self.outgoing.read())
        if plain:
            self.take(plain)
        elif self.outbox:
            self.watch()

    def take_hello(self, data: bytes) -> None:
        """Take a whole ClientHello, then play the port's script in place of an answer."""
        self.inbox += data
        if len(self.inbox) >= 5 + int.from_bytes(self.inbox[3:5], "big") and self.playing is None:
            self.start(self.listener.script)

    def flight(self) -> bytes:
        """The server's first TLS flight, the answer to the ClientHello that came."""
        self.wrap()
        self.incoming.write(bytes(self.inbox))
        with contextlib.suppress(ssl.SSLWantReadError):
            if self.tls is not None:
                self.tls.do_handshake()
        return self.outgoing.read()


class Control(Connection):
    """Whoever asks for the log: one line in, one JSON object out, then FIN."""

    def take(self, data: bytes) -> None:
        """Note who asks; the loop answers once it has read everything that came before."""
        self.inbox += data
        if self.inbox == b"requests\n":
            self.server.asking.append(self)

    def tell(self, log: Mapping[str, Sequence[bytes]]) -> None:
        """Answer with the log; Latin-1 keeps every byte."""
        heads = {name: [head.decode("latin-1") for head in heads] for name, heads in log.items()}
        self.start((json.dumps(heads).encode(), FIN))
