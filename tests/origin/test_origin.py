"""The origin does what its catalogue says, judged by raw sockets, h11 and zlib."""

from __future__ import annotations

import gzip
import json
import os
import pickle
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import zlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scenarios.origin import BEHAVIORS, GROUPS, Behavior, Origin
from scenarios.origin.behaviors import bombs
from scenarios.origin.listeners import LISTENERS
from scenarios.origin.messages import MIB
from tests.origin import wire

ROOT = Path(__file__).parents[2]
NAMED = {behavior.name: behavior for behavior in BEHAVIORS}
KINDS = {
    *("ok", "InvalidURL", "ResolveError", "ConnectError", "TLSError", "Timeout"),
    *("BadResponse", "DecodeError", "TooLarge", "StatusError", "RedirectError"),
}
COMMAND = [sys.executable, "-X", "dev", "-W", "error", "-m", "scenarios.origin"]


def port_of(behavior: Behavior) -> str:
    """The listener that a behavior's URL names."""
    found = re.search(r"\{([a-z-]+)(\.port)?\}", behavior.template)
    return found[1] if found else ""


# Where there is a request to answer: the rest is refused before, or shows in the handshake.
ANSWERED = [one for one in BEHAVIORS if one.requests]
SHAKEN = [one for one in BEHAVIORS if one.group == "tls" and not one.requests]


def by_name(behaviors: list[Behavior]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("behavior", behaviors, ids=lambda one: one.name)


@pytest.fixture(scope="module")
def origin() -> Iterator[Origin]:
    with Origin() as running:
        yield running


def ask(origin: Origin, behavior: Behavior, sock: socket.socket) -> bytes:
    head = wire.head_for(origin, behavior, origin.url(behavior))
    sock.sendall(head)
    return head


def test_the_catalogue_is_well_formed() -> None:
    assert len(BEHAVIORS) >= 160
    assert [name for name, count in Counter(one.name for one in BEHAVIORS).items() if count > 1] == []
    assert {one.group for one in BEHAVIORS} == set(GROUPS)
    for one in BEHAVIORS:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", one.name)
        assert one.expects in KINDS, one
        assert re.fullmatch(r"[^\n]+\.", one.says), one
        assert set(one.limits) <= {"timeout", "max_body", "max_redirects"}, one
        assert (one.expects == "Timeout") == ("timeout" in one.limits), one
        assert one.requests == 0 or one.script or one.pages, one
        assert one.requests == 0 or "{name}" in one.template, one


def test_rows_can_be_hashed_and_sent_to_other_processes() -> None:
    sent = pickle.loads(pickle.dumps(BEHAVIORS))
    assert [(one.name, one.limits) for one in sent] == [(one.name, one.limits) for one in BEHAVIORS]
    assert len(set(BEHAVIORS)) == len(BEHAVIORS)


@by_name(ANSWERED)
def test_what_is_sent_is_what_the_script_says(origin: Origin, behavior: Behavior) -> None:
    rest = origin.url(behavior).partition(behavior.name)[2].partition("#")[0]
    want = wire.expected(origin, behavior, behavior.pages.get(rest, behavior.script))
    origin.requests()
    with wire.connect(origin, origin.url(behavior)) as sock:
        head = ask(origin, behavior, sock)
        sent = wire.read_exactly(sock, len(want.sent))
        assert sent == want.sent[: len(sent)]
        assert origin.requests() == {behavior.name: [head]}
        if len(sent) < len(want.sent):
            assert want.end == "reset"
        elif want.end == "open":
            ask(origin, behavior, sock)
            assert wire.read_exactly(sock, len(want.sent)) == want.sent
        elif want.end == "cut" and not isinstance(sock, ssl.SSLSocket):
            assert wire.how_it_ends(sock, wire.PATIENCE) == "close"
        elif want.end in ("silence", "garbage"):
            assert wire.how_it_ends(sock) in ("silence", "garbage", "cut")
        else:
            ends = {want.end, "cut"} if want.end == "reset" and isinstance(sock, ssl.SSLSocket) else {want.end}
            assert wire.how_it_ends(sock, wire.PATIENCE) in ends


@by_name([one for one in ANSWERED if one.expects == "ok"])
def test_good_answers_mean_what_they_should(origin: Origin, behavior: Behavior) -> None:
    origin.requests()
    status, body, final = wire.fetch(origin, behavior)
    assert (status, body) == (behavior.status, origin.body(behavior))
    seen = origin.requests()
    assert {name: len(heads) for name, heads in seen.items()} == {behavior.name: behavior.requests}
    if behavior.final:
        assert final == behavior.final
    if behavior.wire:
        assert seen[behavior.name][0].split(b" ")[1] == behavior.wire.encode()


@by_name([one for one in SHAKEN if one.expects == "TLSError" and LISTENERS[port_of(one)].accepts == "all"])
def test_handshakes_fail(origin: Origin, behavior: Behavior) -> None:
    origin.requests()
    with pytest.raises((ssl.SSLError, ConnectionError)), wire.connect(origin, origin.url(behavior)):
        pass
    assert origin.requests() == {}


@by_name([one for one in SHAKEN if one.expects == "Timeout"])
def test_handshakes_stall(origin: Origin, behavior: Behavior) -> None:
    port = origin.ports[port_of(behavior)]
    with socket.create_connection(("127.0.0.1", port), timeout=wire.PATIENCE) as sock:
        sock.sendall(wire.client_hello())
        if "hold" not in behavior.name or "half" in behavior.name:
            assert sock.recv(1) == b"\x16"
            sock.recv(1 << 16) if "half" in behavior.name else None
        assert wire.how_it_ends(sock) == "silence"


def test_a_stalled_connect_gets_no_answer(origin: Origin) -> None:
    if "stall-connect" not in NAMED:
        pytest.skip("a full queue is not silent on this system")
    with socket.socket() as sock:
        sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            sock.connect(("127.0.0.1", origin.ports["full"]))


def test_nobody_accepts_the_unaccepted(origin: Origin) -> None:
    with socket.create_connection(("127.0.0.1", origin.ports["unaccepted"]), timeout=wire.PATIENCE) as sock:
        sock.sendall(b"GET /stall-unaccepted HTTP/1.1\r\n\r\n")
        assert wire.how_it_ends(sock) == "silence"
    assert origin.requests() == {}


@pytest.mark.parametrize("port", ["reset", "tls-accept-reset"])
def test_the_reset_ports_reset(origin: Origin, port: str) -> None:
    try:
        sock = socket.create_connection(("127.0.0.1", origin.ports[port]), timeout=wire.PATIENCE)
    except ConnectionResetError:
        return  # it came while connect() waited: that asks for the socket's error only when the thread runs again
    with sock:
        assert wire.how_it_ends(sock, wire.PATIENCE) == "reset"


def test_the_refused_port_refuses(origin: Origin) -> None:
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", origin.ports["refused"]), timeout=wire.PATIENCE)


def test_a_drip_is_slow_and_a_reset_is_a_reset(origin: Origin) -> None:
    with wire.connect(origin, origin.url(NAMED["drip-body"])) as slow:
        ask(origin, NAMED["drip-body"], slow)
        wire.read_exactly(slow, len(NAMED["drip-body"].script[0]))  # type: ignore[arg-type]
        assert [slow.recv(1 << 16) for _ in range(2)] == [b"x", b"x"]
    with wire.connect(origin, origin.url(NAMED["reset-in-body"])) as sock:
        ask(origin, NAMED["reset-in-body"], sock)
        assert wire.read_exactly(sock, len(NAMED["reset-in-body"].script[0])) == NAMED["reset-in-body"].script[0]  # type: ignore[arg-type]
        with pytest.raises(ConnectionResetError):
            sock.recv(1)


@by_name([one for one in BEHAVIORS if "{pad:" in one.template])
def test_padded_urls_have_the_length_they_say(origin: Origin, behavior: Behavior) -> None:
    assert len(origin.url(behavior)) == int(behavior.name.removeprefix("url-"))


def test_bombs_hold_what_they_say() -> None:
    assert gzip.decompress(bombs.zeros(MIB + 1)) == bytes(MIB + 1)
    assert gzip.decompress(bombs.zeros(1000, 3)) == bytes(3000)
    assert zlib.decompress(bombs.zlib_zeros(3 * MIB)) == bytes(3 * MIB)
    endless = zlib.decompressobj(31)
    assert endless.decompress(bombs.GZIP_HEAD + bombs.block() * 3) == bytes(3 * MIB)
    assert not endless.eof


def test_every_template_is_filled_and_every_port_is_used(origin: Origin) -> None:
    left = [one.name for one in BEHAVIORS if re.search(r"\{[a-z.:-]+\d*\}", origin.url(one))]
    assert left == []
    scripts = repr([(one.script, one.pages) for one in BEHAVIORS])
    unused = {name for name in LISTENERS if name not in {port_of(one) for one in BEHAVIORS} and f"{{{name}" not in scripts}
    assert unused <= {"control", "full"}


def test_the_log_holds_heads_byte_for_byte_in_order_and_is_drained(origin: Origin) -> None:
    origin.requests()
    heads = [b"GET /hello?%d HTTP/1.1\r\nx-Odd:  \xe9\x00 \r\n\r\n" % number for number in range(3)]
    with socket.create_connection(("127.0.0.1", origin.ports["http"]), timeout=wire.PATIENCE) as sock:
        sock.sendall(b"".join(heads) + b"GET /stall-before-status HTTP/1.1\r\n\r\nGET /hello HTTP/1.1\r\n\r\n")
        assert origin.requests() == {"hello": heads, "stall-before-status": [b"GET /stall-before-status HTTP/1.1\r\n\r\n"]}
    assert origin.requests() == {}


def test_heads_that_come_in_pieces_are_put_together(origin: Origin) -> None:
    with socket.create_connection(("127.0.0.1", origin.ports["http"]), timeout=wire.PATIENCE) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"GET /one-byte HTTP/1.1\r\n\r\n":
            sock.sendall(bytes([byte]))
        assert sock.recv(1 << 16).endswith(b"\r\n\r\nx")


def test_unknown_paths_are_not_found(origin: Origin) -> None:
    with socket.create_connection(("127.0.0.1", origin.ports["http"]), timeout=wire.PATIENCE) as sock:
        for target in (b"/", b"/nothing-of-that-name", b"*", b"/a/b?c"):
            sock.sendall(b"GET " + target + b" HTTP/1.1\r\n\r\n")
            assert sock.recv(1 << 16).startswith(b"HTTP/1.1 404 ")


def test_fifty_clients_at_once_and_stalled_ones_beside_them(origin: Origin) -> None:
    start = threading.Barrier(50)
    names = ["page-64k", "chunked-64k", "until-close-64k", "tls-1m", "chain-5"]

    def fetch(number: int) -> bool:
        behavior = NAMED[names[number % len(names)]]
        start.wait(wire.PATIENCE)
        return wire.fetch(origin, behavior)[1] == origin.body(behavior)

    stalled = [socket.create_connection(("127.0.0.1", origin.ports["http"])) for _ in range(20)]
    for sock in stalled:
        sock.sendall(b"GET /endless-until-close HTTP/1.1\r\n\r\n")
    with ThreadPoolExecutor(50) as pool:
        assert all(pool.map(fetch, range(50)))
        for sock in stalled:
            sock.close()


def test_the_process_is_silent_and_ends_with_its_standard_input() -> None:
    with Origin() as silent:
        assert Path(silent.ca_file).is_file()
    assert not Path(silent.ca_file).parent.exists()
    with subprocess.Popen(COMMAND, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        assert child.stderr is not None
        ready = json.loads(child.stdout.readline())
        for port, name in (("http", "hello"), ("http", "reset-in-body"), ("http", "stall-in-body"), ("tls-fin", "tls-fin")):
            with socket.create_connection(("127.0.0.1", ready["ports"][port]), timeout=wire.PATIENCE) as sock:
                sock.sendall(b"GET /%s HTTP/1.1\r\n\r\n" % name.encode() if port == "http" else wire.client_hello())
                sock.recv(1)
        child.stdin.close()
        assert (child.stdout.read(), child.stderr.read(), child.wait(wire.PATIENCE)) == (b"", b"", 0)
    assert not Path(ready["ca_file"]).exists()


def test_the_process_ends_on_sigterm() -> None:
    with subprocess.Popen(COMMAND, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        folder = json.loads(child.stdout.readline())["folder"]
        child.send_signal(signal.SIGTERM)
        assert (child.wait(wire.PATIENCE), child.stderr.read()) == (0, b"")
    assert not Path(folder).exists()


def test_the_process_does_not_outlive_a_parent_that_was_killed() -> None:
    program = "import scenarios.origin as o; running = o.Origin().__enter__(); print(running.ports['http'], flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        assert int(parent.stdout.readline())
        parent.kill()
        # The origin shares standard error: it is at its end only when both are gone.
        assert parent.communicate(timeout=wire.PATIENCE) == (b"", b"")


def test_an_origin_that_cannot_start_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    with pytest.raises(RuntimeError, match="ended with 3"), Origin():
        pass


def test_an_environment_without_home_or_path_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        monkeypatch.delenv(name)
    with Origin() as running:
        assert running.requests() == {}
