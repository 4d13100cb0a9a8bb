"""The origin's process: one selector loop over raw sockets.

A well-kept server library serves well-formed answers only; most of what is played here is what no library will send,
down to RST and half a TLS flight. So everything is played from scripts of bytes, and a good answer, made once, costs one
recv and one send.
"""

from __future__ import annotations

import contextlib
import heapq
import json
import os
import re
import selectors
import signal
import socket
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from scenarios.origin.behaviors import BEHAVIORS
from scenarios.origin.certificates import make_contexts
from scenarios.origin.connection import Connection, Control, Timer
from scenarios.origin.listeners import LISTENERS, Listener, addresses, fill_queue, open_sockets
from scenarios.origin.steps import Demand, Move, Script

NOT_FOUND: Script = (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",)
MOST_KNOWN = 4096


class Server:
    """All ports, all connections, and the log of requests."""

    def __init__(self, folder: Path) -> None:
        self.ca_file, self.contexts = make_contexts(folder)
        self.selector = selectors.DefaultSelector()
        self.connections: set[Connection] = set()
        self.log: defaultdict[str, list[bytes]] = defaultdict(list)
        self.known: dict[bytes, tuple[bytes, str, Script]] = {}
        self.timers: list[Timer] = []
        self.asking: list[Control] = []
        self.timer_count = 0
        self.catalogue = {behavior.name: behavior for behavior in BEHAVIORS}
        self.scripts: dict[tuple[str, str], Script] = {}
        self.ports: dict[str, int] = {}
        self.kept: list[socket.socket] = []
        for name, listener in LISTENERS.items():
            self.listen(name, listener)
        self.addresses = {b"{%s}" % key.encode(): value.encode() for key, value in addresses(self.ports).items()}

    def listen(self, name: str, listener: Listener) -> None:
        """Open one port."""
        sockets = open_sockets(listener)
        self.ports[name] = sockets[0].getsockname()[1]
        for sock in sockets:
            self.kept.append(sock)
            if listener.accepts in ("all", "reset"):
                make = Control if name == "control" else Connection
                self.selector.register(sock, selectors.EVENT_READ, partial(self.accept, sock, listener, make))
            if listener.accepts == "full":
                self.kept += fill_queue(sock)

    def accept(self, sock: socket.socket, listener: Listener, make: type[Connection]) -> None:
        """Take one connection; the selector tells of the next."""
        try:
            peer, _ = sock.accept()
        except OSError:
            return
        peer.setblocking(False)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = make(self, peer, listener)
        self.connections.add(connection)
        self.selector.register(peer, selectors.EVENT_READ, connection)
        if listener.accepts == "reset":
            connection.reset()
        else:
            connection.send_raw(self.fill(listener.greeting, ""))

    def look_up(self, head: bytes) -> tuple[bytes, str, Script]:
        """Find the behavior that a request asks for, and its script with the ports filled in."""
        target = head.split(b" ", 2)[1].decode("latin-1") if head.count(b" ") > 1 else ""
        found = re.match(r"/([^/?#]+)(.*)|/\?([^&]+)(.*)", target, re.DOTALL)
        name, rest = (found[1] or found[3], found[2] or found[4] or "") if found else ("", target)
        key = (name, rest)
        script = self.scripts.get(key)
        if script is None:
            behavior = self.catalogue.get(name)
            script = self.prepare(name, behavior.pages.get(rest, behavior.script)) if behavior else NOT_FOUND
            remember(self.scripts, key, script)
        known = (head, name, script)
        remember(self.known, head, known)
        return known

    def prepare(self, name: str, script: Script) -> Script:
        """Make what is made late, fill in ports, and join bytes that follow one another."""
        ready: list[Move] = []
        for move in script:
            if isinstance(move, bytes):
                move = self.fill(move, name)
            elif isinstance(move, Demand):
                move = replace(move, word=self.fill(move.word, name))
            elif callable(move):
                move = move()
            last = ready[-1] if ready else None
            if isinstance(move, bytes) and isinstance(last, bytes):
                ready[-1] = last + move
            else:
                ready.append(move)
        return tuple(ready)

    def fill(self, text: bytes, name: str) -> bytes:
        """Put ports and the behavior's name into a part of a script."""
        known = {**self.addresses, b"{name}": name.encode()}
        return re.sub(rb"\{[a-z.-]+\}", lambda found: known.get(found[0], found[0]), text)

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Call back, in the loop, after a time by the monotonic clock."""
        self.timer_count += 1
        timer: Timer = [time.monotonic() + seconds, self.timer_count, callback]
        heapq.heappush(self.timers, timer)
        return timer

    def turn(self, timeout: float | None) -> bool:
        """One turn of the loop; whether anything was there to be read."""
        if self.timers:
            left = max(0.0, self.timers[0][0] - time.monotonic())
            timeout = left if timeout is None else min(left, timeout)
        read = False
        for key, mask in self.selector.select(timeout):
            if not isinstance(key.data, Connection):
                read = True
                key.data()
                continue
            if mask & selectors.EVENT_READ and not key.data.closed:
                read = True
                key.data.readable()
            if mask & selectors.EVENT_WRITE and not key.data.closed:
                key.data.writable()
        while self.timers and self.timers[0][0] <= time.monotonic():
            callback = heapq.heappop(self.timers)[2]
            if callback is not None:
                callback()
        return read

    def drain(self) -> dict[str, list[bytes]]:
        """Take the log, with whatever had reached this machine before now."""
        for _ in range(50):
            if not self.turn(0):
                break
        drained, self.log = self.log, defaultdict(list)
        return drained

    def run(self, ends: Callable[[], bool]) -> None:
        """Serve until told to end."""
        while not ends():
            self.turn(1.0)
            if self.asking:
                log = self.drain()
                asking, self.asking = self.asking, []
                for number, control in enumerate(asking):
                    control.tell({} if number else log)

    def close(self) -> None:
        """Give everything back."""
        for connection in list(self.connections):
            connection.close()
        self.selector.close()
        for sock in self.kept:
            sock.close()


def main() -> None:
    """Serve until standard input ends, the parent is gone, or SIGTERM comes."""
    parent = os.getppid()
    told, teller = socket.socketpair()
    signal.signal(signal.SIGTERM, lambda *_: tell(teller))
    if not sys.stdin.isatty():  # Ctrl-C is for the parent, who then ends our standard input
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    with tempfile.TemporaryDirectory(prefix="interop-origin-") as folder, told, teller:
        threading.Thread(target=wait_for_end, args=(teller,), daemon=True).start()
        server = Server(Path(folder))
        ended: list[bool] = []
        server.selector.register(told, selectors.EVENT_READ, lambda: ended.append(True))
        sys.stdout.write(json.dumps({"ports": server.ports, "ca_file": str(server.ca_file), "folder": folder}) + "\n")
        sys.stdout.flush()
        try:
            server.run(lambda: bool(ended) or os.getppid() != parent)
        finally:
            server.close()


def wait_for_end(teller: socket.socket) -> None:
    """Block in a thread until standard input ends: it may be a pipe, a terminal or a file, and no selector takes them all."""
    while os.read(0, 4096):
        pass
    tell(teller)


def tell(teller: socket.socket) -> None:
    """Wake the loop, and let it end."""
    with contextlib.suppress(OSError):  # it has ended already
        teller.send(b"x")


K = TypeVar("K")
V = TypeVar("V")


def remember(cache: dict[K, V], key: K, value: V) -> None:
    """Keep at most MOST_KNOWN."""
    if len(cache) >= MOST_KNOWN:
        cache.clear()
    cache[key] = value
