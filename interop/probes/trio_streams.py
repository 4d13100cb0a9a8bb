"""Trio's channels, streams, locks and limiters: closed, cancelled, left by their owner.

A module of many small functions: a catalogue.
"""

from typing import Any

from interop.probes.observe import aoutcome, name, outcome
from interop.probes.probe import probe


@probe("P196", "trio", "streams", source="Trio docs, memory channels; 0.18: close(); 0.34, issue 1723: peak_buffer_used")
def what_closing_and_cancelling_do_to_a_channel() -> Any:
    import trio
    import trio.testing

    async def waiting(end: str) -> Any:
        send, receive = trio.open_memory_channel[Any](0)
        log: list[Any] = []

        async def receiver() -> None:
            log.append(["receiver", await aoutcome(receive.receive)])

        async def sender() -> None:
            log.append(["sender", await aoutcome(send.send, "item")])

        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(sender if end.startswith("receive") else receiver)
                await trio.testing.wait_all_tasks_blocked()
                {"send": send.close, "receive": receive.close, "receive, then cancel": receive.close, "cancel": scope.cancel}[
                    end
                ]()
        return log

    async def in_hand() -> Any:
        send, receive = trio.open_memory_channel[Any](0)
        got: list[Any] = []

        async def receiver(scope: Any) -> None:
            with scope:
                got.append(await receive.receive())

        async with trio.open_nursery() as nursery:
            scope = trio.CancelScope()
            nursery.start_soon(receiver, scope)
            await trio.testing.wait_all_tasks_blocked()
            send.send_nowait("item")
            scope.cancel()
        return got

    async def closed() -> Any:
        send, receive = trio.open_memory_channel[Any](1)
        clone = send.clone()
        send.send_nowait(1)
        send.close()
        first = [await aoutcome(receive.receive), outcome(send.send_nowait, 1), outcome(receive.receive_nowait)]
        clone.close()
        second = [await aoutcome(receive.receive), outcome(receive.receive_nowait)]
        receive.close()
        return [*first, *second, await aoutcome(receive.receive), outcome(receive.clone)]

    async def statistics() -> Any:
        send, _receive = trio.open_memory_channel[Any](3)
        send.send_nowait(1)
        return sorted(each for each in dir(send.statistics()) if not each.startswith("_"))

    found = {end: outcome(trio.run, waiting, end) for end in ("send", "receive", "cancel")}
    return found | {each.__name__: outcome(trio.run, each) for each in (in_hand, closed, statistics)}


@probe("P197", "trio", "streams", source="Trio 0.27, issue 3035: a lock whose owner is gone; 3081: breakers of parking lots")
def what_a_waiter_sees_when_the_owner_of_a_lock_is_gone() -> Any:
    import trio
    import trio.testing

    async def main() -> Any:
        found = {}
        for cls in (trio.Lock, trio.StrictFIFOLock):
            lock = cls()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(lock.acquire)
                await trio.testing.wait_all_tasks_blocked()
            with trio.move_on_after(0.05) as scope:
                found[cls.__name__] = await aoutcome(lock.acquire)
            found[cls.__name__ + ", waited"] = scope.cancelled_caught
            found[cls.__name__ + ", nowait"] = outcome(lock.acquire_nowait)
            found[cls.__name__ + ", release"] = outcome(lock.release)
        lot = trio.lowlevel.ParkingLot()
        found["broken lot"] = [outcome(lambda: lot.break_lot()), await aoutcome(_park, lot)]
        return found

    return trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


async def _park(lot: Any) -> Any:
    """What parking in a lot gives, at most for a moment."""
    import trio

    with trio.move_on_after(0.01):
        return await lot.park()
    return "still parked"


@probe("P198", "trio", "streams", source="Trio 0.32, issue 3321: a limiter with no tokens; limits, borrowers, misuse")
def how_limiters_semaphores_and_events_refuse() -> Any:
    import math

    import trio

    async def main() -> Any:
        limiter = trio.CapacityLimiter(1)
        limiter.acquire_nowait()
        lock = trio.Lock()
        lock.acquire_nowait()
        condition = trio.Condition()
        event = trio.Event()
        event.set()
        return {
            "limiter": [outcome(lambda each=each: name(trio.CapacityLimiter(each))) for each in (0, -1, 1.5, math.inf)],
            "total_tokens": [outcome(setattr, limiter, "total_tokens", each) for each in (0, -1, math.inf, 1)],
            "acquired twice": [
                outcome(limiter.acquire_nowait),
                outcome(limiter.acquire_on_behalf_of_nowait, object()),
                await aoutcome(limiter.acquire),
            ],
            "lock": [outcome(lock.acquire_nowait), await aoutcome(lock.acquire), outcome(trio.Lock().release)],
            "semaphore": [
                outcome(trio.Semaphore(0).acquire_nowait),
                outcome(trio.Semaphore(1, max_value=1).release),
                outcome(lambda: trio.Semaphore(-1)),
            ],
            "condition": [outcome(condition.notify), await aoutcome(condition.wait)],
            "event": [event.is_set(), await aoutcome(event.wait), hasattr(event, "clear"), event.statistics().tasks_waiting],
        }

    return trio.run(main)


@probe("P425", "trio", "streams", source="Trio docs: closing what another task waits for; notify_closing, 0.35, issue 3502")
def what_a_reader_sees_when_its_stream_is_closed() -> Any:
    import socket

    import trio
    import trio.testing

    async def run(read: Any, close: Any) -> Any:
        here, there = (trio.socket.from_stdlib_socket(each) for each in socket.socketpair())
        stream, other = trio.SocketStream(here), trio.SocketStream(there)
        log: list[Any] = []

        async def reader() -> None:
            log.append(await aoutcome(read, stream))

        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(reader)
                await trio.testing.wait_all_tasks_blocked()
                await close(stream, other)
        log.append(scope.cancelled_caught)
        await other.aclose()
        return log

    async def receive(stream: Any) -> Any:
        return len(await stream.receive_some(1))

    async def twice(stream: Any) -> Any:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stream.receive_some, 1)
            nursery.start_soon(stream.receive_some, 1)

    async def send(stream: Any) -> None:
        await stream.send_all(bytes(1 << 23))

    async def close(stream: Any, _: Any) -> None:
        await stream.aclose()

    async def close_other(_: Any, other: Any) -> None:
        await other.aclose()

    async def notify(stream: Any, _: Any) -> None:
        trio.lowlevel.notify_closing(stream.socket)

    async def nothing(*_: Any) -> None:
        pass

    cases = {
        "receive, close": (receive, close),
        "receive, peer closes": (receive, close_other),
        "receive, notify_closing": (receive, notify),
        "send, close": (send, close),
        "send, peer closes": (send, close_other),
        "two receivers": (twice, nothing),
    }
    return {case: outcome(trio.run, run, *how) for case, how in cases.items()}


@probe("P426", "trio", "streams", source="Trio 0.30, issue 3197: as_safe_channel; 0.31, issue 3324; 0.32, issue 3331")
def what_a_safe_channel_passes_on() -> Any:
    import trio

    log: list[Any] = []

    def make(*, fails: bool = False) -> Any:
        @trio.as_safe_channel
        async def numbers() -> Any:
            try:
                yield 1
                if fails:
                    raise ValueError
                yield 2
            finally:
                log.append("generator ends")

        return numbers()

    async def run(*, fails: bool = False, leave: bool = False, closed: bool = False) -> Any:
        got = []
        async with make(fails=fails) as channel:
            async for each in channel:
                got.append(each)
                if leave:
                    break
                if closed:
                    await channel.aclose()
        return got

    cases: dict[str, dict[str, bool]] = {"all": {}, "fails": {"fails": True}, "left": {"leave": True}, "closed": {"closed": True}}
    return {case: outcome(trio.run, lambda how=how: run(**how)) for case, how in cases.items()} | {"log": log}
