"""Is the origin ever the bottleneck? Its CPU per request, beside that of an aiohttp client in the same run.

    python benchmarks/origin.py [REQUESTS] [ROUNDS]

Rounds alternate between a raw-socket load and aiohttp, so that both see the same machine; what is printed is the median,
and a ratio says more than a time on a machine that others use too. Linux only: another process's CPU is read from its clock.
"""

from __future__ import annotations

import asyncio
import socket
import statistics
import sys
import time
from collections.abc import Callable

import aiohttp

from scenarios.origin import BEHAVIORS, Origin

NAMED = {behavior.name: behavior for behavior in BEHAVIORS}
Load = Callable[..., float]


def cpu_of(pid: int) -> float:
    """CPU seconds that a process has used. Source: clock_getcpuclockid(3), MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED)."""
    return time.clock_gettime((~pid << 3) | 2)


def raw(origin: Origin, name: str, count: int, *, keep: bool) -> float:
    """Ask with plain sockets; the load's own CPU."""
    address = ("127.0.0.1", origin.ports["http"])
    request = b"GET /%s HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: raw\r\nAccept: */*\r\n\r\n" % name.encode()
    size = len(origin.body(NAMED[name]))
    began = time.process_time()
    sock = socket.create_connection(address)
    for _ in range(count):
        if not keep:
            sock.close()
            sock = socket.create_connection(address)
        sock.sendall(request)
        data = sock.recv(1 << 18)
        left = size - len(data.partition(b"\r\n\r\n")[2])
        while left > 0:
            left -= len(sock.recv(1 << 18))
    sock.close()
    return time.process_time() - began


async def _aiohttp(url: str, count: int, *, keep: bool) -> None:
    connector = aiohttp.TCPConnector(force_close=not keep)
    async with aiohttp.ClientSession(connector=connector) as session:
        for _ in range(count):
            async with session.get(url) as response:
                await response.read()


def client(origin: Origin, name: str, count: int, *, keep: bool) -> float:
    """Ask with aiohttp; its own CPU."""
    began = time.process_time()
    asyncio.run(_aiohttp(origin.url(NAMED[name]), count, keep=keep))
    return time.process_time() - began


def measure(origin: Origin, load: Load, name: str, count: int, *, keep: bool) -> tuple[float, float, float]:
    """Microseconds a request: the load's CPU, the origin's CPU, wall time."""
    cpu, wall = cpu_of(origin.pid), time.perf_counter()
    mine = load(origin, name, count, keep=keep)
    wall, cpu = time.perf_counter() - wall, cpu_of(origin.pid) - cpu
    seen = origin.requests()[name]
    assert len(seen) == count, f"{len(seen)} requests were logged, {count} were made"
    return mine / count * 1e6, cpu / count * 1e6, wall / count * 1e6


def main(count: int, rounds: int = 5) -> None:
    """Measure and print."""
    titles = ("origin CPU", "beside aiohttp", "aiohttp CPU", "ratio", "rate alone")
    print(f"{'answer':16}{'connection':12}" + "".join(f"{title:>15}" for title in titles))
    with Origin() as origin:
        for name, times in (("page-1k", count), ("page-64k", count // 4), ("chunked-64k", count // 4), ("page-1m", count // 40)):
            for keep in (True, False):
                pairs = [
                    (measure(origin, raw, name, times, keep=keep), measure(origin, client, name, times, keep=keep))
                    for _ in range(rounds)
                ]
                alone = statistics.median(bare[1] for bare, _ in pairs)
                beside = statistics.median(full[1] for _, full in pairs)
                theirs = statistics.median(full[0] for _, full in pairs)
                ratio = statistics.median(bare[1] / full[0] for bare, full in pairs)
                rate = 1e6 / statistics.median(bare[2] for bare, _ in pairs)
                kind = "kept" if keep else "each anew"
                print(f"{name:16}{kind:12}{alone:12.1f} us{beside:12.1f} us{theirs:12.1f} us{ratio:15.2f}{rate:12,.0f} /s")


if __name__ == "__main__":
    main(*(int(given) for given in sys.argv[1:3] or ("4000", "5")))
