"""One rule for names in certificates: ours, OpenSSL's, and what each framework makes of them over the wire."""

import ctypes.util
import ipaddress
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from scenarios.fetch_and_save import FRAMEWORKS
from scenarios.fetch_and_save.certified import covers
from scenarios.fetch_and_save.everywhere import Worker
from scenarios.fetch_and_save.job import Errand
from scenarios.fetch_and_save.tls import strict
from scenarios.fetch_and_save.urls import parse
from scenarios.origin.certificates import certified

# The name in the certificate, and the host: whether they fit.
TABLE = {
    ("a.test", "a.test"): True,
    ("A.Test", "a.test"): True,
    ("a.test", "A.TEST"): True,
    ("a.test", "b.test"): False,
    ("a.test", "x.a.test"): False,
    ("a.test", "a.test."): True,
    ("a.test.", "a.test"): False,
    ("a_b.test", "a_b.test"): True,
    ("*.wild.test", "x.wild.test"): True,
    ("*.wild.test", "x.wild.test."): True,
    ("*.WILD.test", "x.wild.test"): True,
    ("*.wild.test", "xn--bcher-kva.wild.test"): True,
    ("*.wild.test", "b\u00fccher.wild.test"): True,
    ("xn--bcher-kva.test", "b\u00fccher.test"): True,
    ("*.wild.test", "wild.test"): False,
    ("*.wild.test", "x.y.wild.test"): False,
    ("*.wild.test", "a_b.wild.test"): False,
    ("x*.wild.test", "xy.wild.test"): False,
    ("*x.wild.test", "yx.wild.test"): False,
    ("x.*.test", "x.wild.test"): False,
    ("*.*.test", "x.wild.test"): False,
    ("*.test", "x.test"): False,
    ("*", "x.test"): False,
}
OPENSSL_LABELS = st.text("ab-_", min_size=1, max_size=3) | st.sampled_from(["*", "a*", "*a", "xn--a", "xn--", "test"])
DOTTED = st.lists(OPENSSL_LABELS, min_size=1, max_size=4).map(".".join)


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


def server_context(ca: trustme.CA, names: list[x509.GeneralName] | None, folder: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    extension = None if names is None else x509.SubjectAlternativeName(names)
    context.load_cert_chain(certified(ca, extension, folder / "certificate.pem"))
    return context


def openssl_takes(ca: trustme.CA, server: ssl.SSLContext, host: str) -> bool:
    """Whether Python's own check lets a handshake pass; no network."""
    client = strict(ssl.create_default_context())
    ca.configure_trust(client)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=host),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    while ends:
        for end in tuple(ends):
            try:
                end.do_handshake()
                ends.remove(end)
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLCertVerificationError:
                return False
    return True


@pytest.mark.parametrize(("name", "host"), TABLE)
def test_the_rule_is_as_the_table_has_it_and_is_openssl_s(ca: trustme.CA, tmp_path: Path, name: str, host: str) -> None:
    asked = parse(f"https://{host}/").certified
    assert covers([name], [], asked) is TABLE[name, host]
    assert openssl_takes(ca, server_context(ca, [x509.DNSName(name)], tmp_path), asked) is TABLE[name, host]


@given(DOTTED, DOTTED)
def test_what_our_rule_takes_openssl_takes(
    ca: trustme.CA, tmp_path_factory: pytest.TempPathFactory, name: str, host: str
) -> None:
    if "*" in host or host.startswith("-"):
        host = host.replace("*", "a").lstrip("-") or "a"
    host = host if "." in name and "." in host else f"{host}.test"
    hosts = {host, name.replace("*", "ab"), name.replace("*", "xn--a")}
    server = server_context(ca, [x509.DNSName(name)], tmp_path_factory.mktemp("certificate"))
    for each in hosts:
        assert not covers([name], [], each) or openssl_takes(ca, server, each), (name, each)


def test_an_address_is_covered_by_an_address_only(ca: trustme.CA, tmp_path: Path) -> None:
    one = ipaddress.ip_address("127.0.0.1")
    assert covers([], [one], "127.0.0.1")
    assert covers([], [ipaddress.ip_address("::1")], "::1")
    assert not covers(["127.0.0.1", "*.0.0.1"], [], "127.0.0.1")
    assert not covers([], [one], "127.0.0.2")
    assert not covers([], [one], "a.test")


def test_a_common_name_counts_for_nothing(ca: trustme.CA, tmp_path: Path) -> None:
    assert not openssl_takes(ca, server_context(ca, None, tmp_path), "localhost")
    assert not openssl_takes(ca, server_context(ca, [x509.RFC822Name("a@localhost")], tmp_path), "localhost")


# Over the wire, in every framework.


@pytest.fixture(scope="module")
def resolver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """names.c, compiled."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if sys.platform != "linux" or compiler is None or ctypes.util.find_library("c") is None:
        pytest.skip("to answer for names needs Linux and a C compiler")
    library = tmp_path_factory.mktemp("names") / "names.so"
    source = Path(__file__).parent / "names.c"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    return library


@pytest.fixture(scope="module")
def ports(ca: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """A server a name in a certificate."""
    folder = tmp_path_factory.mktemp("certificates")
    listeners = {name: socket.create_server(("127.0.0.1", 0), backlog=100) for name in {name for name, _ in TABLE}}
    contexts = {name: server_context(ca, [x509.DNSName(name)], folder) for name in listeners}
    threads = [threading.Thread(target=serve, args=(listeners[name], contexts[name])) for name in listeners]
    for thread in threads:
        thread.start()
    yield {name: listener.getsockname()[1] for name, listener in listeners.items()}
    for listener in listeners.values():
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
    for thread in threads:
        thread.join()


def serve(listener: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            connection.settimeout(60)
            try:
                with context.wrap_socket(connection, server_side=True) as tls:
                    while data := tls.recv(65536):  # nothing comes of who has refused the certificate after the handshake
                        if data.endswith(b"\r\n\r\n"):
                            tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
            except OSError:
                pass  # the certificate was refused


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_framework_keeps_the_rule(
    ca: trustme.CA, ports: dict[str, int], resolver: Path, tmp_path: Path, framework: str
) -> None:
    if missing := FRAMEWORKS[framework].missing():
        pytest.skip(missing)
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    errands = [Errand(f"https://{host}:{ports[name]}/") for name, host in TABLE]
    environment = {"LD_PRELOAD": str(resolver), "SSL_CERT_FILE": str(tmp_path / "ca.pem")}
    outcomes = Worker(framework, errands, environment=environment).outcomes()
    found = {outcome.errand.url: (outcome.kind, str(outcome)) for outcome in outcomes}
    for (name, host), fits in TABLE.items():
        kind, said = found[f"https://{host}:{ports[name]}/"]
        assert kind == ("ok" if fits else "TLSError"), (name, host, said)
