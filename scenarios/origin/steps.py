"""What the origin can be told to do to a peer: a script is a row of these, and plain bytes are sent as they are.

A step is a generator over a peer. It yields the seconds to wait once all that was sent has left; FLUSHED waits for nothing more.
A peer that goes away ends the script, so nothing here guesses how long a client needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

Maker = Callable[[], bytes]
FLUSHED = 0.0
AT_MOST = 60.0


class Peer(Protocol):
    """The other end, as a step sees it."""

    head: bytes

    def send(self, data: bytes) -> None:
        """Send through TLS where there is TLS."""

    def send_with(self, data: bytes, raw: bytes) -> None:
        """Send through TLS, and on the connection itself what is not TLS, in one segment."""

    def send_raw(self, data: bytes) -> None:
        """Send on the TCP connection itself."""

    def finish(self, *, notify: bool) -> None:
        """End our direction: FIN, after close_notify if asked and if there is TLS."""

    def reset(self) -> None:
        """End both directions at once with RST."""

    def flight(self) -> bytes:
        """The server's first TLS flight, the answer to the ClientHello that came."""


class Step(Protocol):
    """One move of a script."""

    def play(self, peer: Peer) -> Iterator[float]:
        """Do it; each value is a number of seconds to wait after everything sent has left."""


Move = bytes | Maker | Step
Script = tuple[Move, ...]


@dataclass(frozen=True)
class Bits:
    """One byte at a time, each in a segment of its own, without pauses."""

    data: bytes

    def play(self, peer: Peer) -> Iterator[float]:
        """Never wait longer than the peer's window makes us."""
        for at in range(len(self.data)):
            peer.send(self.data[at : at + 1])
            yield FLUSHED


@dataclass(frozen=True)
class Drip:
    """One byte a second: alive, and never finished in time."""

    data: bytes
    raw: bool = False

    def play(self, peer: Peer) -> Iterator[float]:
        """Hold once the bytes run out."""
        for at in range(len(self.data)):
            (peer.send_raw if self.raw else peer.send)(self.data[at : at + 1])
            yield 1.0
        yield AT_MOST
        peer.reset()


@dataclass(frozen=True)
class Endless:
    """The same block over and over, until the peer goes away."""

    block: bytes | Maker

    def play(self, peer: Peer) -> Iterator[float]:
        """Go on as fast as the peer reads."""
        block = self.block if isinstance(self.block, bytes) else self.block()
        while True:
            peer.send(block)
            yield FLUSHED


@dataclass(frozen=True)
class Raw:
    """Bytes on the TCP connection itself, beneath TLS."""

    data: bytes

    def play(self, peer: Peer) -> Iterator[float]:
        """Send and go on."""
        peer.send_raw(self.data)
        yield FLUSHED


@dataclass(frozen=True)
class Together:
    """Bytes through TLS and, in the same segment, others beneath it."""

    data: bytes
    raw: bytes

    def play(self, peer: Peer) -> Iterator[float]:
        """Send and go on."""
        peer.send_with(self.data, self.raw)
        yield FLUSHED


@dataclass(frozen=True)
class Hold:
    """Silence, until the peer goes away."""

    def play(self, peer: Peer) -> Iterator[float]:
        """After the upper bound, reset: an origin never waits for ever."""
        yield AT_MOST
        peer.reset()


@dataclass(frozen=True)
class Fin:
    """FIN; over TLS with close_notify before it, unless `notify` is off."""

    notify: bool = True

    def play(self, peer: Peer) -> Iterator[float]:
        """Then wait for the peer's own end: closing with bytes unread would be a reset."""
        yield FLUSHED
        peer.finish(notify=self.notify)
        yield AT_MOST
        peer.reset()


@dataclass(frozen=True)
class Reset:
    """RST, by closing with SO_LINGER 0."""

    def play(self, peer: Peer) -> Iterator[float]:
        """Reset as soon as everything sent has left."""
        yield FLUSHED
        peer.reset()


@dataclass(frozen=True)
class HalfFlight:
    """The first half of the server's first TLS flight; dripped if asked."""

    drip: bool = False

    def play(self, peer: Peer) -> Iterator[float]:
        """The bytes are genuine, so only their end is wrong."""
        flight = peer.flight()
        half = flight[: len(flight) // 2]
        yield from (Drip(half, raw=True) if self.drip else Raw(half)).play(peer)


@dataclass(frozen=True)
class Demand:
    """Go on only if the request head holds this, letter case aside; else answer 500."""

    word: bytes
    held: bool = True

    def play(self, peer: Peer) -> Iterator[float]:
        """Turn what a client sent into an outcome that can be seen."""
        if (self.word.lower() in peer.head.lower()) is not self.held:
            said = b"wanted in the request: " if self.held else b"not wanted in the request: "
            said += self.word
            peer.send(b"HTTP/1.1 500 Wrong Request\r\nContent-Length: %d\r\n\r\n%s" % (len(said), said))
            yield from Fin().play(peer)
        yield FLUSHED


HOLD = Hold()
FIN = Fin()
CUT = Fin(notify=False)
RESET = Reset()


def refuse(word: bytes) -> Demand:
    """Go on only if the request head does not hold this; else answer 500."""
    return Demand(word, held=False)
