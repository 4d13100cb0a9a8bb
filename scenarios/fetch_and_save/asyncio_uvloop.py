"""uvloop and the sockets that aiohttp lends it: who closes the file.

aiohttp connects a socket and gives it to `create_connection(sock=...)`. uvloop then closes the file itself, and tells the
socket when it does. It does not tell it if the connection breaks before `create_connection()` goes on, as when the peer resets
it at once (probe P431; uvloop 0.23 mended the case of a cancel, MagicStack/uvloop#738). When such a socket is freed, it closes
its number again. By then the number is another connection's: that one fails, or libuv aborts the process.
"""

import asyncio
import socket
from typing import Any

import aiohttp


class Lent:
    """The sockets that one connector has made, where aiohttp lets us make them (3.12 and later)."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []
        is_uvloop = type(asyncio.get_running_loop()).__module__.partition(".")[0] == "uvloop"
        can_be_made = is_uvloop and hasattr(aiohttp, "SocketFactoryType")
        self.options: dict[str, Any] = {"socket_factory": self._socket} if can_be_made else {}

    def _socket(self, address: Any) -> socket.socket:
        made = socket.socket(*address[:3])
        self._sockets.append(made)
        return made

    def let_go(self) -> None:
        """Leave every file to uvloop. A socket that was never given to it, aiohttp has closed, and it has none."""
        while self._sockets:
            self._sockets.pop().detach()
