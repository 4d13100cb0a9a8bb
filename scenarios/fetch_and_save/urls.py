"""URLs: read once, strictly, and handed to every client in a form that it will not touch.

Clients differ most here: of one text they make different requests (reference: RFC 3986; the rules are in docs/fetch-contract.md).
"""

import base64
import ipaddress
import re
from dataclasses import dataclass, replace
from urllib.parse import unquote_to_bytes, urljoin

from scenarios.fetch_and_save.errors import InvalidURL

MAX_URL = 8_000  # characters

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\]")
_URL = re.compile(r"(https?)://([^/?#]*)([^?#]*)(\?[^#]*)?(?:#.*)?", re.IGNORECASE | re.DOTALL)
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

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc}{self.target}"

    def with_credentials_of(self, other: "URL") -> "URL":
        """The same place, with the other's credentials if they belong here too."""
        return replace(self, authorization=other.authorization) if self.origin == other.origin else self

    def join(self, location: str) -> "URL":
        """The URL that a Location header names from here. Raises InvalidURL."""
        absolute = f"{self.scheme}://{self.netloc}"
        if not location:
            raise InvalidURL("the location is empty")
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", location):
            return parse(location)
        if location.startswith("//"):
            return parse(f"{self.scheme}:{location}")
        if location.startswith("/"):
            return parse(absolute + location)
        if _FORBIDDEN.search(location):  # before urljoin, which drops some of them in silence
            raise InvalidURL(f"not a URL: {location!r}")
        if location.startswith("?"):
            return parse(absolute + self.target.partition("?")[0] + location)
        if location.startswith("#"):
            return self
        return parse(urljoin(str(self), location))


def parse(text: str) -> URL:
    """Read one absolute http or https URL.

    Raises:
        InvalidURL: with the reason; nothing has been looked up or sent.
    """
    if not isinstance(text, str):
        raise InvalidURL(f"not text: {type(text).__name__}")
    if len(text) > MAX_URL:
        raise InvalidURL(f"longer than {MAX_URL} characters")
    if found := _FORBIDDEN.search(text):
        raise InvalidURL(f"{found[0]!r} is not allowed: {text!r}")
    match = _URL.fullmatch(text)
    if match is None:
        raise InvalidURL(f"not an absolute http or https URL: {text!r}")
    scheme = match[1].lower()
    userinfo, at, hostport = match[2].rpartition("@")
    host, port = _host_and_port(hostport, scheme)
    target = _escape(match[3] or "/") + _escape(match[4] or "")
    return URL(scheme, host, port, target, _basic(userinfo) if at else None)


def without_credentials(text: str) -> str:
    """The text as it was asked for, less the user and password in it."""
    return re.sub(r"^([A-Za-z][A-Za-z0-9+.-]*:)?//[^/?#]*@", lambda m: f"{m[1] or ''}//", text)


def _escape(part: str) -> str:
    try:
        return _NOT_SENT.sub(lambda m: "".join(f"%{byte:02X}" for byte in m[0].encode()), part)
    except UnicodeEncodeError as error:
        raise InvalidURL("half of a surrogate pair is not text") from error


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
        raise InvalidURL(f"not a host and a port: {hostport!r}")
    port = int(match[2]) if match[2] else _PORTS[scheme]
    if not 1 <= port <= 65535:
        raise InvalidURL(f"port {port} is not between 1 and 65535")
    return _host(match[1]), port


def _host(text: str) -> str:
    if text.startswith("["):
        if "%" in text:
            raise InvalidURL(f"an address with a zone: {text!r}")
        try:
            return ipaddress.IPv6Address(text[1:-1]).compressed
        except ValueError as error:
            raise InvalidURL(f"not an IPv6 address: {text!r}") from error
    host = text.lower() if text.isascii() else _idna(text)
    if not _HOST.fullmatch(host) or len(host) > 253:
        raise InvalidURL(f"not a host: {text!r}")
    last = host.rstrip(".").rpartition(".")[2]
    if last.isdigit() or re.fullmatch(r"0x[0-9a-f]*", last):
        # Resolvers read 2130706433, 0x7f.1 and 127.1 as addresses, and not all alike: a name must not end in a number.
        try:
            return ipaddress.IPv4Address(host).compressed
        except ValueError as error:
            raise InvalidURL(f"not an IPv4 address: {text!r}") from error
    return host


def _idna(text: str) -> str:
    import idna

    try:
        return idna.encode(text, uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError) as error:
        raise InvalidURL(f"not an international host name: {text!r}") from error
