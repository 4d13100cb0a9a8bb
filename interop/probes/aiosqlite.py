"""aiosqlite: a thread behind each connection, what its end waits for, and what a cancellation leaves."""

from typing import Any

from interop.probes.forked import forked
from interop.probes.observe import aoutcome, name, outcome, parameters
from interop.probes.probe import probe


@probe(
    "P357",
    "aiosqlite",
    "cancellation",
    "asyncio",
    source="aiosqlite: queries run in a thread, and go on there when their task is cancelled",
)
def what_a_cancelled_query_leaves() -> Any:
    import asyncio

    import aiosqlite

    async def main() -> Any:
        async with aiosqlite.connect(":memory:") as db:
            await db.execute("create table t (x)")
            task = asyncio.ensure_future(db.execute("insert into t values (1)"))
            await asyncio.sleep(0)
            task.cancel()
            ended = await aoutcome(lambda: task)
            rows = await db.execute_fetchall("select count(*) from t")
            return [ended, list(next(iter(rows)))]

    async def closed() -> Any:
        db = await aiosqlite.connect(":memory:")
        await db.close()
        return [await aoutcome(db.execute, "select 1"), await aoutcome(db.close), outcome(lambda: db.in_transaction)]

    async def twice() -> Any:
        connector = aiosqlite.connect(":memory:")
        db = await connector
        again = await aoutcome(_wait, connector)
        await db.close()
        return again if isinstance(again, str) else name(again)

    return {each.__name__: outcome(lambda it=each: asyncio.run(it())) for each in (main, closed, twice)}


async def _wait(thing: Any) -> Any:
    return await thing


@probe(
    "P358",
    "aiosqlite",
    "lifecycle",
    "asyncio",
    source="aiosqlite 0.22: a connection is no thread any more; connections that are not closed; the end of the loop",
)
def how_a_program_ends_with_an_open_connection() -> Any:
    cases = {
        "closed": "async def main():\n    db = await aiosqlite.connect(':memory:'); await db.close(); return "
        "'end'\nprint(asyncio.run(main()), flush=True)",
        "in a thread": "async def main():\n    async with aiosqlite.connect(':memory:') as db: return await "
        "db.execute_fetchall('select 1')\nimport threading\nt = threading.Thread(target=lambda: print([*map(tuple, "
        "asyncio.run(main()))], flush=True)); t.start(); t.join()",
        "threads": "async def main():\n    async with aiosqlite.connect(':memory:') as db: return isinstance(db, "
        "threading.Thread), threading.active_count(), [t.daemon for t in threading.enumerate()][1:]\nimport threading; "
        "print(asyncio.run(main()), flush=True)",
    }
    return forked("import asyncio, aiosqlite", cases)


@probe("P359", "aiosqlite", "lifecycle", "asyncio", source="aiosqlite 0.22: an open connection kept the interpreter from ending")
def whether_a_program_ends_that_closed_no_connection() -> Any:
    cases = {
        "open": "async def main():\n    global db; db = await aiosqlite.connect(':memory:'); return "
        "'end'\nprint(asyncio.run(main()), flush=True)"
    }
    return forked("import asyncio, aiosqlite", cases)


@probe("P388", "aiosqlite", "signatures", source="what glue calls")
def the_parameters_of_what_glue_calls() -> Any:
    import aiosqlite

    calls = {
        "connect": aiosqlite.connect,
        "execute": aiosqlite.Connection.execute,
        "close": aiosqlite.Connection.close,
        "Connection": aiosqlite.Connection,
    }
    return {each: outcome(parameters, fn) for each, fn in calls.items()} | {"stop": hasattr(aiosqlite.Connection, "stop")}
