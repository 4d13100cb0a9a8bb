"""greenback.await_(): caller and callee are one task with one context (X2, X5, X10)."""

import asyncio
import contextvars
import sys

import greenback

variable = contextvars.ContextVar("variable", default="nothing")


async def callee() -> object:
    variable.set("the callee's")
    return asyncio.current_task()


def plain() -> tuple[object, str]:
    return greenback.await_(callee()), variable.get()


async def main() -> bool:
    await greenback.ensure_portal()
    task, seen = plain()
    print(f"one task: {task is asyncio.current_task()}; the caller sees: {seen}")
    return task is asyncio.current_task() and seen != "nothing"


sys.exit(asyncio.run(main()))
