"""TLS: certificates that must not be trusted, handshakes that break, and ends without close_notify.

What breaks in the handshake is TLSError; later on, a cut is a cut: BadResponse, unless the body's framing says that all is there.
"""

from __future__ import annotations

from functools import partial

from scenarios.origin.behavior import Behavior, Rows
from scenarios.origin.messages import (
    CHUNKED,
    CLOSING,
    HELLO,
    MIB,
    OK,
    answer,
    chunks,
    gzipped,
    in_chunks,
    moved,
    pattern,
    sized,
    until_close,
)
from scenarios.origin.steps import CUT, FIN, HOLD, RESET, Bits, Drip, Raw, Together

good = Rows("tls", body=b"hello", template="{https}/{name}")
bad = Rows("tls", expects="BadResponse", template="{https}/{name}")
late = Rows("tls", expects="Timeout", limits={"timeout": 2.0}, template="{https}/{name}")
refused = Rows("tls", expects="TLSError", requests=0)
MIB_1 = partial(pattern, MIB)
NO_RECORD = b"\x17\x03\x03\x00\x20" + bytes(32)
ALERT = b"\x15\x03\x03\x00\x02\x02\x28"
GARBAGE = Raw(NO_RECORD)


def on(listener: str, says: str, expects: str = "TLSError") -> Behavior:
    """What shows on a port of its own before there is a request; a client that goes on finds a good answer."""
    limits = {"timeout": 2.0} if expects == "Timeout" else {}
    name = listener if listener.startswith("tls-") else f"tls-{listener}"
    return refused(name, says, HELLO, template="{" + listener + "}/{name}", expects=expects, limits=limits)


TABLE = (
    good("tls", "An answer over TLS.", HELLO),
    good("tls-ip", "The same, by an address that the certificate names.", HELLO,
         template="https://127.0.0.1:{https.port}/{name}"),
    good("tls-chunked", "Chunks over TLS.", CHUNKED + chunks(b"hel", b"lo")),
    good("tls-gzip", "gzip over TLS.", answer(gzipped(b"hello"), b"Content-Encoding: gzip")),
    good("tls-bits", "One byte a TLS record.", Bits(HELLO)),
    good("tls-1m", "1 MiB over TLS.", sized(MIB_1), body=MIB_1),
    good("tls-until-close", "A body ended by close_notify.", CLOSING + b"hello", FIN),
    good("tls-until-close-1m", "1 MiB ended by close_notify.", until_close(MIB_1), FIN, body=MIB_1),
    good("tls-unclean-after-length", "All of Content-Length, then FIN without close_notify.", HELLO, CUT),
    good("tls-unclean-after-chunks", "All chunks, then FIN without close_notify.", in_chunks(b"hello", 2), CUT),
    good("tls-user", "Credentials over TLS.", HELLO, template="https://user:pw@localhost:{https.port}/{name}"),
    on("selfsigned", "A certificate signed by itself."),
    on("untrusted", "A certificate of a CA that nobody knows."),
    on("expired", "A certificate that ended yesterday."),
    on("future", "A certificate that starts tomorrow."),
    on("wronghost", "A certificate for another host."),
    on("commonname", "A certificate without alternative names, whose common name is the host's."),
    on("starname", "A certificate for *."),
    refused("tls-addressname", "A certificate whose dNSName is the address that was asked for.", HELLO,
            template="https://127.0.0.1:{addressname.port}/{name}"),
    on("badname", "A certificate whose alternative name is not ASCII."),
    on("early-head", "The beginning of a redirect in the clear, then a genuine handshake."),
    on("early-answer", "A whole answer in the clear, then a genuine handshake."),
    on("early-bits", "One byte in the clear, then a genuine handshake."),
    on("tls-accept-reset", "RST as soon as the connection is accepted."),
    on("mutual", "A server that wants a certificate of the client."),
    on("tls-fin", "FIN in answer to the ClientHello."),
    on("tls-reset", "RST in answer to the ClientHello."),
    on("tls-garbage", "Bytes that are not TLS in answer to the ClientHello."),
    on("tls-alert", "A fatal alert in answer to the ClientHello."),
    on("tls-half-fin", "Half of the server's first flight, then FIN."),
    on("tls-half-reset", "Half of the server's first flight, then RST."),
    refused("tls-plain-http", "Plain HTTP where TLS was asked for.", HELLO, template="https://localhost:{http.port}/{name}"),
    refused("plain-on-tls-port", "TLS where plain HTTP was asked for: an alert comes back, not HTTP.", HELLO,
            template="http://localhost:{https.port}/{name}", expects="BadResponse"),
    on("tls-hold", "Silence in answer to the ClientHello.", "Timeout"),
    on("tls-half-hold", "Half of the server's first flight, then silence.", "Timeout"),
    on("tls-drip", "The server's first flight, one byte a second.", "Timeout"),
    late("tls-stall-before-status", "Silence after the handshake.", HOLD),
    late("tls-stall-in-body", "Silence in the middle of a body.", HELLO[:-2], HOLD),
    late("tls-drip-body", "A body, one byte a record a second.", OK + b"Content-Length: 60\r\n\r\n", Drip(b"x" * 60)),
    late("tls-stall-in-record", "Half of a TLS record, then silence.", HELLO[:-2], Raw(b"\x17\x03\x03\x00\x20half"), HOLD),
    bad("tls-fin-before-status", "close_notify and FIN before the first byte.", FIN),
    bad("tls-fin-in-head", "close_notify and FIN inside the head.", OK + b"X-", FIN),
    bad("tls-fin-in-body", "close_notify and FIN short of Content-Length.", HELLO[:-1], FIN),
    bad("tls-unclean-before-status", "FIN without close_notify before the first byte.", CUT),
    bad("tls-unclean-in-head", "FIN without close_notify inside the head.", OK + b"X-", CUT),
    bad("tls-unclean-in-body", "FIN without close_notify short of Content-Length.", HELLO[:-1], CUT),
    bad("tls-unclean-in-chunks", "FIN without close_notify between chunks.", CHUNKED + b"5\r\nhello\r\n", CUT),
    bad("tls-unclean-until-close", "A body without framing, and FIN without close_notify: somebody may have cut it.",
        CLOSING + b"hello", CUT),
    bad("tls-reset-before-status", "RST after the handshake.", RESET),
    bad("tls-reset-in-body", "RST short of Content-Length.", HELLO[:-1], RESET),
    bad("tls-reset-until-close", "A body without framing, ended by RST.", CLOSING + b"hello", RESET),
    bad("tls-garbage-before-status", "A record that does not decrypt, in place of an answer.", GARBAGE, CUT),
    bad("tls-garbage-in-body", "A record that does not decrypt, inside a body.", HELLO[:-1], GARBAGE, CUT),
    good("tls-broken-after-length", "All of Content-Length and, in the same segment, a fatal alert in the clear.",
         Together(HELLO, ALERT), CUT),
    good("tls-broken-after-chunks", "All chunks and, in the same segment, a record that does not decrypt.",
         Together(CHUNKED + chunks(b"hel", b"lo"), NO_RECORD), CUT),
    good("tls-broken-after-redirect", "A redirect and, in the same segment, a record that does not decrypt.",
         Together(moved(b"/tls-broken-after-redirect/done"), NO_RECORD), CUT, requests=2, final="/{name}/done",
         pages={"/done": (HELLO,)}),
    bad("tls-broken-in-body", "A part of a body and, in the same segment, a record that does not decrypt.",
        Together(HELLO[:-1], NO_RECORD), CUT),
    bad("tls-broken-until-close", "A body without framing and, in the same segment, a fatal alert in the clear.",
        Together(CLOSING + b"hello", ALERT), CUT),
    bad("tls-half-record", "Half of a TLS record inside a body, then FIN.", HELLO[:-1], Raw(b"\x17\x03\x03\x00\x20half"), CUT),
)
