"""URLs: read once, strictly, and handed to every client in a form that it will not touch.

Clients differ most here: of one text they make different requests (reference: RFC 3986; the rules are in docs/fetch-contract.md).
"""

import base64
import ipaddress
import re
from dataclasses import dataclass, replace
from urllib.parse import unquote_to_bytes

from scenarios.fetch_and_save.errors import InvalidURL

MAX_URL, MAX_HOST = 8_000, 253  # characters

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\\ud800-\udfff]")
_URL = re.compile(r"(https?)://([^/?#]*)([^?#]*)(\?[^#]*)?(?:#.*)?", re.IGNORECASE | re.DOTALL | re.ASCII)
_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.?")
_NOT_SENT = re.compile(r"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~!$&'()*+,;=:@/?%]")
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class URL:
    """One place: scheme and host in lower case, the host in ASCII, the target ready for the request line."""

    scheme: str
    host: str
    port: int
    target: str
    authorization: str | None = None

    @property
    def origin(self) -> tuple[str, str, int]:
        """What credentials belong to."""
        return self.scheme, self.host, self.port

    @property
    def netloc(self) -> str:
        """The Host header: brackets around IPv6, and no default port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def certified(self) -> str:
        """The name that a certificate has to have, and that the server is told: without the dot of the root."""
        return self.host.rstrip(".")

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc}{self.target}"

    def with_credentials_of(self, other: "URL") -> "URL":
        """The same place, with the other's credentials if they belong here too."""
        return replace(self, authorization=other.authorization) if self.origin == other.origin else self

    def join(self, location: str) -> "URL":
        """The URL that a Location header names from here, without our credentials. Raises InvalidURL."""
        if not location or _FORBIDDEN.search(location):
            raise InvalidURL("an empty location, or one with a character that is not allowed")
        reference, path = location.partition("#")[0], self.target.partition("?")[0]
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", reference):
            return parse(reference)._without_dots()
        if reference.startswith("//"):
            return parse(f"{self.scheme}:{reference}")._without_dots()
        here = f"{self.scheme}://{self.netloc}"
        if not reference or reference.startswith("?"):
            return parse(here + (path + reference if reference else self.target))
        if not reference.startswith("/"):  # not urljoin(), which drops empty segments and queries
            reference = path[: path.rfind("/") + 1] + reference
        return parse(here + reference)._without_dots()

    def _without_dots(self) -> "URL":
        path, question, query = self.target.partition("?")
        return replace(self, target=_without_dot_segments(path) + question + query)


def parse(text: str) -> URL:
    """Read one absolute http or https URL.

    Raises:
        InvalidURL: with the reason; nothing has been looked up or sent.
    """
    try:
        return _parse(text)
    except InvalidURL as error:
        shown = f": {without_credentials(text)!r}" if isinstance(text, str) else ""
        raise InvalidURL(f"{error}{shown}") from error.__cause__


def _parse(text: str) -> URL:
    # What it raises says nothing of the text: nobody can tell what of a malformed URL is its password.
    if not isinstance(text, str):
        raise InvalidURL(f"not text but {type(text).__name__}")
    if len(text) > MAX_URL:
        raise InvalidURL(f"longer than {MAX_URL} characters")
    if found := _FORBIDDEN.search(text):
        raise InvalidURL(f"{found[0]!r} is not allowed")
    match = _URL.fullmatch(text)
    if match is None:
        raise InvalidURL("not an absolute http or https URL")
    scheme = match[1].lower()
    userinfo, at, hostport = match[2].rpartition("@")
    host, port = _host_and_port(hostport, scheme)
    target = _escape(match[3] or "/") + _escape(match[4] or "")
    return URL(scheme, host, port, target, _basic(userinfo) if at else None)


def without_credentials(text: str) -> str:
    """The text as it was asked for, less the user and password in it; of a malformed URL, whatever may be either."""
    try:
        _parse(text)
    except InvalidURL:
        _, at, after = text.rpartition("@")  # not a regular expression: ".*@" takes the square of the text's length
        return f"***@{after}" if at else text
    return re.sub(r"//[^/?#]*@", "//", text, count=1)


def _without_dot_segments(path: str) -> str:
    """The path with "." and ".." resolved. Source: RFC 3986, section 5.2.4."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment not in (".", ".."):
            kept.append(segment)
        elif segment == ".." and kept:
            kept.pop()
    return "/" + "/".join(kept + ([""] if segments[-1] in (".", "..") else []))


def _escape(part: str) -> str:
    return _NOT_SENT.sub(lambda m: "".join(f"%{byte:02X}" for byte in m[0].encode()), part)


def _basic(userinfo: str) -> str | None:
    if "@" in userinfo:
        raise InvalidURL("more than one @ before the host")
    if not userinfo:
        return None
    user, _, password = _escape(userinfo).partition(":")
    pair = unquote_to_bytes(user) + b":" + unquote_to_bytes(password)
    return "Basic " + base64.b64encode(pair).decode("ascii")


def _host_and_port(hostport: str, scheme: str) -> tuple[str, int]:
    match = re.fullmatch(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::([0-9]{0,5}))?", hostport)
    if match is None:
        raise InvalidURL("not a host and a port")
    port = int(match[2]) if match[2] else _PORTS[scheme]
    if not 1 <= port <= 65535:
        raise InvalidURL("a port that is not between 1 and 65535")
    return (_address(match[1][1:-1]) if match[1].startswith("[") else _host(match[1])), port


def _address(text: str) -> str:
    try:
        if "%" in text:
            raise InvalidURL("an address with a zone")
        address = ipaddress.IPv6Address(text)
    except ValueError as error:
        raise InvalidURL("not an IPv6 address") from error
    if (inner := address.ipv4_mapped) is not None:  # which each version of Python writes in its own way
        return f"::ffff:{int(inner) >> 16:x}:{int(inner) & 0xFFFF:x}"
    return address.compressed


def _host(text: str) -> str:
    host = text.lower() if text.isascii() else _idna(text)
    if len(host) > MAX_HOST or not _HOST.fullmatch(host):
        raise InvalidURL("not a host")
    last = host.rstrip(".").rpartition(".")[2]
    if last.isdigit() or re.fullmatch(r"0x[0-9a-f]*", last):
        # Resolvers read 2130706433, 0x7f.1 and 127.1 as addresses, and not all alike: a name must not end in a number.
        try:
            return ipaddress.IPv4Address(host).compressed
        except ValueError as error:
            raise InvalidURL("not an IPv4 address") from error
    return host


def _idna(text: str) -> str:
    import idna

    if len(text) > MAX_HOST:
        raise InvalidURL("not a host")
    try:
        return idna.encode(text, uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError) as error:
        raise InvalidURL("not an international host name") from error
