"""One hop with httpcore, whose backend is whatever moves the bytes: Trio's and AnyIO's scenarios are its two users.

httpcore reads through a stream of its backend; WatchedStream stands between the two and shows the visit what came in.
Source: httpcore, "Network Backends".
"""

import ssl
from typing import Any

import httpcore

from scenarios.fetch_and_save.contract import Page, Visit, client_context


async def hop(visit: Visit, backend: httpcore.AsyncNetworkBackend) -> Page | None:
    """Ask one place: the page, or None if the visit goes on elsewhere."""
    url = visit.url
    request = httpcore.Request(
        "GET",
        httpcore.URL(scheme=url.scheme.encode(), host=url.host.encode(), port=url.port, target=url.target.encode()),
        headers=visit.headers,
        extensions={"timeout": {"connect": visit.connect_timeout}, "sni_hostname": url.certified},
    )
    context = client_context() if url.scheme == "https" else None
    async with httpcore.AsyncConnectionPool(ssl_context=context, network_backend=WatchedBackend(visit, backend)) as pool:
        response = await pool.handle_async_request(request)
        try:
            if not visit.answered(response.status):
                return None
            async for chunk in response.aiter_stream():
                visit.delivered(chunk)
            return visit.page()
        finally:
            await response.aclose()


class WatchedBackend(httpcore.AsyncNetworkBackend):
    """A way onto the network, with the visit told of every byte that comes in."""

    def __init__(self, visit: Visit, inner: httpcore.AsyncNetworkBackend) -> None:
        self._visit, self._inner = visit, inner

    async def connect_tcp(self, host: str, port: int, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:
        """As httpcore has it."""
        stream = await self._inner.connect_tcp(host, port, *args, **kwargs)
        if self._visit.url.scheme == "http":
            self._visit.connected()
        return WatchedStream(stream, self._visit)

    async def sleep(self, seconds: float) -> None:
        """As httpcore has it."""
        await self._inner.sleep(seconds)


class WatchedStream(httpcore.AsyncNetworkStream):
    """A connection that shows the visit what it reads before the client's parser sees it."""

    def __init__(self, inner: httpcore.AsyncNetworkStream, visit: Visit) -> None:
        self._inner, self._visit = inner, visit

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """As httpcore has it: b"" when the peer has closed, or when the client is to see no more."""
        while data := await self._inner.read(max_bytes, timeout):
            if plain := self._visit.received(data):
                return plain
        if self._is_cut():
            self._visit.lost(ConnectionAbortedError("the peer did not end TLS"))
            return b""
        return self._visit.received(b"")

    def _is_cut(self) -> bool:
        """Whether TLS ended without the peer's word for it, so that anybody may have cut it; the backends do not tell."""
        tls: ssl.SSLObject | None = self.get_extra_info("ssl_object")
        try:
            return tls is not None and bool(tls.read(1))
        except ssl.SSLZeroReturnError:
            return False
        except ssl.SSLError:
            return True

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """As httpcore has it."""
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        """As httpcore has it."""
        await self._inner.aclose()

    async def start_tls(self, *args: Any, **kwargs: Any) -> httpcore.AsyncNetworkStream:
        """As httpcore has it."""
        try:
            stream = await self._inner.start_tls(*args, **kwargs)
        except BaseException:
            await self.aclose()  # httpcore would leave it open, were this handshake cancelled
            raise
        self._visit.connected()
        return WatchedStream(stream, self._visit)

    def get_extra_info(self, info: str) -> Any:
        """As httpcore has it."""
        return self._inner.get_extra_info(info)
