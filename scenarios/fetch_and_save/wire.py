"""One response as the wire has it, read by the letter of RFC 9112, before any client's parser sees it.

Parsers disagree about malformed responses, and each disagreement is a wrong body or a stall in somebody's program. So every
byte passes here first, and what goes on to the client is the same response in its plainest form: informational responses,
trailers, chunk extensions and bytes beyond the end do not go on. What a response means depends on its bytes alone, never on
how they were split (which is why h11 does not serve here: see docs/decisions/0002-the-wire-is-read-first.md).

The parser is a generator that is resumed with more bytes, as coroutines once were.
"""

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass

from scenarios.fetch_and_save.errors import BadResponse

MAX_HEADERS, MAX_LINE, MAX_HEAD = 100, 8 * 1024, 64 * 1024  # a count, bytes, bytes
MAX_INFORMATIONAL = 10  # responses before the response

_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: ([\t\x20-\x7e\x80-\xff]*))?")
_FIELD_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):([\t\x20-\x7e\x80-\xff]*)")
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})(?:[\t ]*;[\t\x20-\x7e\x80-\xff]*)?")
_LENGTH = re.compile(r"[0-9]+(?:[\t ]*,[\t ]*[0-9]+)*")


@dataclass(frozen=True)
class Head:
    """Status line and header fields, names in lower case, values as ISO-8859-1; `length` in bytes, None where unknown."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    minor: int
    chunked: bool = False
    length: int | None = None

    def all(self, name: str) -> list[str]:
        """Every value of one field, in order."""
        return [value for field, value in self.headers if field == name]


class Wire:
    """The reading of one response to one GET. `head` is None until there is one."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._ended = False
        self._parser = self._response()
        self.head: Head | None = None
        self.complete = False

    def read(self, data: bytes) -> Iterator[Head | bytes]:
        """Say what the bytes mean, one after the other: the head, then pieces of the body; b"" is the end of the connection.

        Raises:
            BadResponse: when the bytes so far cannot begin, or with b"" cannot be, a well-formed response.
        """
        self._buffer += data
        self._ended = self._ended or not data
        for event in self._parser:
            if event is None:
                return
            yield event
        self.complete = True

    def _response(self) -> Generator[Head | bytes | None, None, None]:
        for _ in range(MAX_INFORMATIONAL + 1):
            head = yield from self._read_head()
            if head.status >= 200:
                break
            if head.status == 101:
                raise BadResponse("it switches protocols, which nobody asked for")
        else:
            raise BadResponse(f"more than {MAX_INFORMATIONAL} informational responses")
        self.head = head
        yield head
        if head.chunked:
            yield from self._chunks()
        elif head.length is None:
            yield from self._until_the_end()
        else:
            yield from self._take(head.length)

    def _read_head(self) -> Generator[None, None, Head]:
        status_line = _STATUS_LINE.fullmatch((yield from self._line()))
        if status_line is None:
            raise BadResponse("it does not begin with an HTTP/1.0 or HTTP/1.1 status line")
        minor, status, reason = status_line.groups(b"")
        headers = yield from self._fields()
        return _framed(Head(int(status), reason.decode("latin-1"), headers, int(minor)))

    def _fields(self) -> Generator[None, None, tuple[tuple[str, str], ...]]:
        fields: list[tuple[str, str]] = []
        size = 0
        while line := (yield from self._line()):
            field = _FIELD_LINE.fullmatch(line)
            if field is None:
                raise BadResponse("a header line is malformed")
            fields.append((field[1].decode().lower(), field[2].decode("latin-1").strip("\t ")))
            size += len(line)
            if len(fields) > MAX_HEADERS or size > MAX_HEAD:
                raise BadResponse(f"more than {MAX_HEADERS} headers or {MAX_HEAD} bytes of them")
        return tuple(fields)

    def _line(self) -> Generator[None, None, bytes]:
        while (end := self._buffer.find(b"\n", 0, MAX_LINE + 2)) < 0:
            if len(self._buffer) >= MAX_LINE + 2:
                raise BadResponse(f"a line is longer than {MAX_LINE} bytes")
            yield from self._more()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        if not line.endswith(b"\r"):
            raise BadResponse("a line does not end with CR LF")
        return line[:-1]

    def _chunks(self) -> Generator[bytes | None, None, None]:
        size = -1
        while size:
            line = _CHUNK_LINE.fullmatch((yield from self._line()))
            if line is None:
                raise BadResponse("a chunk's size is malformed")
            size = int(line[1], 16)
            if size:
                yield from self._take(size)
                if (yield from self._line()):
                    raise BadResponse("a chunk is longer than its size")
        yield from self._fields()

    def _take(self, size: int) -> Generator[bytes | None, None, None]:
        while size:
            while not self._buffer:
                yield from self._more()
            data = bytes(self._buffer[:size])
            del self._buffer[:size]
            size -= len(data)
            yield data

    def _until_the_end(self) -> Generator[bytes | None, None, None]:
        while self._buffer or not self._ended:
            if data := bytes(self._buffer):
                self._buffer.clear()
                yield data
            else:
                yield None

    def _more(self) -> Generator[None, None, None]:
        if self._ended:
            raise BadResponse("the connection was closed before the response was complete")
        yield


def plain(head: Head) -> bytes:
    """The head as it goes on to the client: the status, and the length said once.

    The rest is the page's and no parser's business: each counts, limits and repairs it in its own way, and one (geventhttpclient
    2.4) crashes at a byte that is not ASCII.
    """
    lines = [f"HTTP/1.{head.minor} {head.status} Unnamed"]
    if head.chunked:
        lines.append("transfer-encoding: chunked")
    elif head.length is not None:
        lines.append(f"content-length: {head.length}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _framed(head: Head) -> Head:
    """Say how the body is delimited. Source: RFC 9112, section 6.3, and nothing that it leaves to the reader's goodwill."""
    codings, lengths = head.all("transfer-encoding"), head.all("content-length")
    if codings and (lengths or head.minor == 0 or [coding.lower() for coding in codings] != ["chunked"]):
        raise BadResponse("its transfer coding is not exactly chunked, or it has a length too, or it is HTTP/1.0")
    length = None
    if lengths:
        if not all(_LENGTH.fullmatch(value) for value in lengths):
            raise BadResponse("its length is not a number")
        # 20 digits are more than any limit; int() refuses very long ones.
        values = {int(value.strip("\t ").lstrip("0")[:20] or "0") for line in lengths for value in line.split(",")}
        if len(values) > 1:
            raise BadResponse("it has more than one length")
        length = values.pop()
    if head.status in (204, 304):
        return Head(head.status, head.reason, head.headers, head.minor, length=0)
    return Head(head.status, head.reason, head.headers, head.minor, bool(codings), length)
