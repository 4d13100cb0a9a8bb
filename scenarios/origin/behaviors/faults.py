"""The same places in a response, three ways: cut by FIN or RST, silent, or one byte a second.

A reset and a close are one error; only a body that FIN ends by rule is whole. Silence and drips last until the client goes away.
"""

from __future__ import annotations

from functools import partial

from scenarios.origin.behavior import Behavior, Rows
from scenarios.origin.listeners import can_fill_queue
from scenarios.origin.messages import CHUNKED, CLOSING, HELLO, OK, answer, gzipped, moved, pattern, sized
from scenarios.origin.steps import FIN, HOLD, RESET, Drip

cut = Rows("cuts", expects="BadResponse")
whole = Rows("cuts", body=b"hello")
stall = Rows("stalls", expects="Timeout", limits={"timeout": 2.0})

GZIP_HALF = answer(gzipped(pattern(5000)), b"Content-Encoding: gzip")[:-2500]
# What has been sent, and where in a response that is.
PLACES = {
    "before-status": ("before the first byte", b""),
    "in-version": ("inside the version", b"HTT"),
    "in-status": ("inside the status", b"HTTP/1.1 2"),
    "in-reason": ("inside the reason", b"HTTP/1.1 200 O"),
    "in-crlf": ("between CR and LF of the status line", b"HTTP/1.1 200 OK\r"),
    "after-status-line": ("after the status line", OK),
    "in-name": ("inside a field's name", OK + b"Content-Le"),
    "in-value": ("inside a field's value", OK + b"Content-Length: 1"),
    "before-blank-line": ("before the blank line", OK + b"Content-Length: 5\r\n"),
    "in-blank-line": ("inside the blank line", OK + b"Content-Length: 5\r\n\r"),
    "before-body": ("between head and body", OK + b"Content-Length: 5\r\n\r\n"),
    "in-body": ("in the middle of the body", OK + b"Content-Length: 5\r\n\r\nhe"),
    "before-last-byte": ("one byte before the end", HELLO[:-1]),
    "in-big-body": ("after 500 KB of 1 MB", OK + b"Content-Length: 1000000\r\n\r\n" + pattern(500_000)),
    "before-chunks": ("before the first chunk", CHUNKED),
    "in-chunk-size": ("inside a chunk's size", CHUNKED + b"1"),
    "in-chunk-extension": ("inside a chunk's extension", CHUNKED + b"5;nam"),
    "before-chunk-data": ("before a chunk's data", CHUNKED + b"5\r\n"),
    "in-chunk-data": ("inside a chunk's data", CHUNKED + b"5\r\nhel"),
    "after-chunk-data": ("before the CRLF of a chunk's data", CHUNKED + b"5\r\nhello"),
    "between-chunks": ("between two chunks", CHUNKED + b"5\r\nhello\r\n"),
    "in-last-chunk": ("inside the last chunk's size line", CHUNKED + b"5\r\nhello\r\n0"),
    "before-trailers": ("before the final CRLF", CHUNKED + b"5\r\nhello\r\n0\r\n"),
    "in-trailer": ("inside a trailer", CHUNKED + b"5\r\nhello\r\n0\r\nX-Tr"),
    "after-trailer": ("after a trailer", CHUNKED + b"5\r\nhello\r\n0\r\nX-Trailer: 1\r\n"),
    "before-final-lf": ("before the final LF", CHUNKED + b"5\r\nhello\r\n0\r\n\r"),
    "in-gzip": ("in the middle of a gzip body", GZIP_HALF),
    "after-1xx": ("after an interim response", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
    "in-1xx": ("inside an interim response", b"HTTP/1.1 103 Early Hints\r\nLink: </"),
}


def _cuts() -> list[Behavior]:
    rows = []
    for key, (where, sent) in PLACES.items():
        rows.append(cut(f"fin-{key}", f"FIN {where}.", sent, FIN))
        rows.append(cut(f"reset-{key}", f"RST {where}.", sent, RESET))
    return rows


TABLE = (
    *_cuts(),
    cut("reset-until-close", "A body without framing, ended by RST.", CLOSING + b"hello", RESET),
    cut("reset-until-close-empty", "RST where a body without framing would start.", CLOSING, RESET),
    whole("reset-after-body", "A whole answer, then RST.", HELLO, RESET),
    whole("reset-after-chunks", "All chunks, then RST.", CHUNKED + b"5\r\nhello\r\n0\r\n\r\n", RESET),
    whole(
        "fin-after-64k",
        "64 KiB with Content-Length, then FIN.",
        sized(partial(pattern, 65536)),
        FIN,
        body=partial(pattern, 65536),
    ),
    cut(
        "fin-after-redirect",
        "A redirect to an answer that is cut.",
        moved(b"/{name}/done"),
        pages={"/done": (HELLO[:-1], FIN)},
        requests=2,
    ),
    *(stall(f"stall-{key}", f"Silence {where}.", sent, HOLD) for key, (where, sent) in PLACES.items()),
    stall("stall-until-close", "A body without framing whose FIN never comes.", CLOSING + b"hello", HOLD),
    stall("stall-unframed", "A whole body, but no framing and no FIN.", OK + b"\r\nhello", HOLD),
    stall("stall-unaccepted", "Nobody accepts the connection that the kernel made.", template="{unaccepted}/{name}", requests=0),
    *([stall("stall-connect", "The kernel answers no SYN, for its queue is full.", template="{full}/{name}", requests=0)]
      if can_fill_queue() else []),
    stall(
        "stall-after-redirect",
        "A redirect to silence: one deadline for all hops.",
        moved(b"/{name}/done"),
        pages={"/done": (HOLD,)},
        requests=2,
    ),
    stall("drip-status-line", "One byte a second, from the first.", Drip(HELLO + b" " * 30)),
    stall("drip-head", "Fields, one byte a second.", OK + b"X-Slow: ", Drip(b"x" * 60)),
    stall("drip-body", "A body with Content-Length, one byte a second.", OK + b"Content-Length: 60\r\n\r\n", Drip(b"x" * 60)),
    stall("drip-chunks", "A chunk's data, one byte a second.", CHUNKED + b"3c\r\n", Drip(b"x" * 60)),
    stall("drip-chunk-size", "A chunk's size, one digit a second.", CHUNKED, Drip(b"0" * 60)),
    stall("drip-until-close", "A body without framing, one byte a second.", CLOSING, Drip(b"x" * 60)),
    stall("drip-gzip", "A gzip body, one byte a second.", GZIP_HALF[:200], Drip(GZIP_HALF[200:260])),
)
