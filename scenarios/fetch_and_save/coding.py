"""Content codings: gzip and deflate, undone strictly, and never past the limit.

Sans-I/O and independent of how the bytes were split. Source: RFC 9110, section 8.4.1; RFC 1950, 1951, 1952.
"""

import io
import zlib

from scenarios.fetch_and_save.errors import DecodeError, TooLarge

_STEP = 64 * 1024  # bytes a call of zlib may give: what a bomb can cost at once
_GZIP, _ZLIB, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS


class Body:
    """A body as it arrives: wire bytes in, decoded bytes kept, both counted against `limit` (bytes)."""

    def __init__(self, coding: str, limit: int) -> None:
        if coding not in ("", "gzip", "x-gzip", "deflate"):
            raise DecodeError(f"unknown content coding {coding!r}")
        self._coding, self._limit = coding, limit
        self._wire = 0
        self._kept = io.BytesIO()  # getvalue() shares its buffer: the body is never in memory twice
        self._inflater: zlib._Decompress | None = None
        self._head = b""

    def feed(self, data: bytes) -> None:
        """Take wire bytes. Raises DecodeError and TooLarge, whichever the bytes, one by one, come to first."""
        room = self._limit - self._wire
        self._wire += len(data)
        if self._coding:
            self._decode(data[:room])
        else:
            self._kept.write(data[:room])
        if len(data) > room:
            raise TooLarge(f"more than {self._limit} bytes on the wire")

    def finish(self) -> bytes:
        """The whole decoded body. Raises DecodeError if the coding was cut short."""
        if self._head or (self._inflater is not None and not self._inflater.eof):
            raise DecodeError(f"{self._coding} data is cut short")
        return self._kept.getvalue()

    def _decode(self, data: bytes) -> None:
        while data:
            if self._inflater is None:
                data = self._begin(data)
            elif self._inflater.eof:
                if self._coding == "deflate":
                    raise DecodeError("data after the end of the deflate stream")
                self._inflater = zlib.decompressobj(_GZIP)  # the next member
            else:
                data = self._inflate(self._inflater, data)

    def _begin(self, data: bytes) -> bytes:
        """Choose the format; deflate means zlib (RFC 9110), and what some servers send is raw: two bytes tell."""
        data, self._head = self._head + data, b""
        if self._coding != "deflate":
            self._inflater = zlib.decompressobj(_GZIP)
        elif len(data) < 2:
            self._head, data = data, b""
        else:
            is_zlib = data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
            self._inflater = zlib.decompressobj(_ZLIB if is_zlib else _RAW)
        return data

    def _inflate(self, inflater: "zlib._Decompress", data: bytes) -> bytes:
        while True:
            room = self._limit - self._kept.tell()
            try:
                plain = inflater.decompress(data, min(_STEP, room + 1))
            except zlib.error as error:
                raise DecodeError(f"corrupt {self._coding} data: {error}") from error
            self._kept.write(plain)
            if len(plain) > room:
                raise TooLarge(f"more than {self._limit} bytes when decoded")
            if inflater.eof:
                return inflater.unused_data
            data = inflater.unconsumed_tail
            if not data and len(plain) < _STEP:
                return b""
