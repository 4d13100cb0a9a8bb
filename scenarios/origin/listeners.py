"""The ports of the origin: one where a behavior shows before there is a request, and two origins of plain HTTP for the rest.

Every port listens on 127.0.0.1, and on ::1 too where the machine has it: `localhost` may mean either.
"""

from __future__ import annotations

import contextlib
import re
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from scenarios.origin.steps import CUT, FIN, HOLD, RESET, HalfFlight, Raw, Script


@dataclass(frozen=True)
class Listener:
    """One port.

    Attributes:
        certificate: which certificate of Certificates it serves TLS with; plain when empty.
        script: played in place of the TLS handshake, once a ClientHello has come.
        accepts: "all", "none" (connected by the kernel only), "full" (its queue is full), "refused" (nobody listens) or "reset"
            (reset as soon as it is accepted).
        greeting: sent in the clear as soon as the connection is accepted; what follows is as always.
    """

    certificate: str = ""
    script: Script = ()
    accepts: str = "all"
    greeting: bytes = b""


LISTENERS = {
    "http": Listener(),
    "other": Listener(),
    "control": Listener(),
    "refused": Listener(accepts="refused"),
    "unaccepted": Listener(accepts="none"),
    "reset": Listener(accepts="reset"),
    "full": Listener(accepts="full"),
    "https": Listener("good"),
    "expired": Listener("expired"),
    "future": Listener("future"),
    "selfsigned": Listener("selfsigned"),
    "untrusted": Listener("untrusted"),
    "wronghost": Listener("wronghost"),
    "mutual": Listener("mutual"),
    "commonname": Listener("commonname"),
    "starname": Listener("starname"),
    "addressname": Listener("addressname"),
    "badname": Listener("badname"),
    # What a man in the middle says before he relays a genuine handshake.
    "early-head": Listener("good", greeting=b"HTTP/1.1 302 Found\r\nLocation: {http}/hello\r\nX-Junk: "),
    "early-answer": Listener("good", greeting=b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
    "early-bits": Listener("good", greeting=b"H"),
    "tls-accept-reset": Listener("good", accepts="reset"),
    "tls-fin": Listener("good", (FIN,)),
    "tls-reset": Listener("good", (RESET,)),
    "tls-hold": Listener("good", (HOLD,)),
    "tls-garbage": Listener("good", (Raw(b"these are not the records you are looking for\r\n"), CUT)),
    "tls-alert": Listener("good", (Raw(b"\x15\x03\x03\x00\x02\x02\x28"), CUT)),
    "tls-half-fin": Listener("good", (HalfFlight(), CUT)),
    "tls-half-reset": Listener("good", (HalfFlight(), RESET)),
    "tls-half-hold": Listener("good", (HalfFlight(), HOLD)),
    "tls-drip": Listener("good", (HalfFlight(drip=True),)),
}


@cache
def has_ipv6() -> bool:
    """Whether ::1 can be bound here."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6) as sock:
        sock.bind(("::1", 0))
        return True
    return False


def open_sockets(listener: Listener) -> list[socket.socket]:
    """Bind one port on each loopback address; the first is 127.0.0.1's."""
    for _ in range(50):
        sock = socket.socket()
        sock.bind(("127.0.0.1", 0))
        opened = [sock]
        if listener.accepts in ("all", "reset") and has_ipv6():
            other = socket.socket(socket.AF_INET6)
            opened.append(other)
            try:
                other.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                other.bind(("::1", sock.getsockname()[1]))
            except OSError:  # somebody has this number there; take another
                for one in opened:
                    one.close()
                continue
        for one in opened:
            one.setblocking(False)
            if listener.accepts != "refused":
                one.listen(0 if listener.accepts == "full" else 512)
        return opened
    raise OSError("cannot bind one port on both 127.0.0.1 and ::1, tried 50 times; close programs that hold many ports")


def fill_queue(sock: socket.socket) -> list[socket.socket]:
    """Connect until the kernel answers no more; keep what is returned open."""
    kept = []
    for _ in range(8):
        one = socket.socket()
        one.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            one.connect(sock.getsockname())
        kept.append(one)
    return kept


def can_fill_queue() -> bool:
    """Whether a full queue means silence here: Linux drops the SYN, others reset."""
    return sys.platform == "linux"


def addresses(ports: Mapping[str, int]) -> dict[str, str]:
    """What `{http}`, `{https.port}` and the like stand for in templates and scripts."""
    known = {f"{name}.port": str(port) for name, port in ports.items()}
    for name, port in ports.items():
        known[name] = f"https://localhost:{port}" if LISTENERS[name].certificate else f"http://127.0.0.1:{port}"
    return known


def fill(template: str, known: Mapping[str, str]) -> str:
    """Put addresses into a template; `{pad:N}` makes the whole N characters long."""
    text = re.sub(r"\{([a-z0-9.-]+)\}", lambda found: known.get(found[1], found[0]), template)
    pad = re.search(r"\{pad:(\d+)\}", text)
    if pad:
        text = text.replace(pad[0], "x" * (int(pad[1]) - len(text) + len(pad[0])))
    return text
