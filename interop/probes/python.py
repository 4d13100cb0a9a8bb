"""Python itself: the interpreter's exit, contexts, threads and executors, under every framework.

Source: "What's New in Python" 3.11 to 3.14, the sections on asyncio, threading, concurrent.futures and contextvars.
"""

from interop.probes.observe import child
from interop.probes.probe import probe

AT_EXIT = """
import atexit, concurrent.futures, threading
def attempt(what, fn):
    try:
        fn()
        print(what + ": works")
    except BaseException as error:
        print(what + ": " + type(error).__name__)
def start():
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()
pool = concurrent.futures.ThreadPoolExecutor(1)
"""


@probe("P1", "python", "lifecycle", source="cpython gh-104690, gh-113964: no new threads at exit, 3.12 only")
def what_an_atexit_callback_may_still_start():
    calls = {
        "thread": "start()",
        "executor": "concurrent.futures.ThreadPoolExecutor(1).submit(int).result()",
        "running executor": "pool.submit(int).result()",
        "loop": "__import__('asyncio').run(__import__('asyncio').sleep(0))",
        "to_thread": "__import__('asyncio').run(__import__('asyncio').to_thread(int))",
    }
    return {
        what: child(AT_EXIT + f"pool.submit(int).result()\natexit.register(attempt, {what!r}, lambda: {call})")["out"]
        for what, call in calls.items()
    }
