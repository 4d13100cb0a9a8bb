"""What eventlet's monkey patching replaces and says, and what then works: threads, locks, fork.

A module of many small functions: a catalogue.
"""

from typing import Any

from interop.probes.eventlet import PATCH, told
from interop.probes.probe import probe


@probe("P153", "eventlet", "threads", source="eventlet 0.40.1, PR 1047: both thread modules list all threads; after fork, too")
def which_threads_each_thread_module_lists() -> Any:
    return told(
        PATCH + "import os, threading, json\n"
        "import eventlet.green.threading as green\n"
        "gate = eventlet.patcher.original('threading').Event\n"
        "stop = eventlet.event.Event()\n"
        "threading.Thread(target=stop.wait, name='std', daemon=True).start()\n"
        "green.Thread(target=stop.wait, name='green', daemon=True).start()\n"
        "eventlet.spawn(stop.wait); eventlet.sleep(0)\n"
        "def listed(module): return sorted({t.name for t in module.enumerate()} & {'std', 'green', 'MainThread'})\n"
        "def told(where):\n"
        "    found = [listed(threading), listed(green), threading.current_thread() is threading.main_thread(), "
        "type(threading.current_thread()).__name__]\n"
        "    print(where, json.dumps(found), flush=True)\n"
        "told('parent')\n"
        "pid = os.fork()\n"
        "if pid == 0: told('child'); os._exit(0)\n"
        "print(os.waitpid(pid, 0)[1], flush=True)\n"
    )


@probe(
    "P163", "eventlet", "lifecycle", source="eventlet docs, monkey_patch; 0.34.3 and 0.37: existing locks are upgraded; 0.35.1"
)
def what_patching_replaces_and_says() -> Any:
    return {
        "default": told(
            PATCH + "import json\n"
            "names = ('os', 'select', 'socket', 'thread', 'time', 'subprocess', 'builtins', 'MySQLdb', 'psycopg', 'ssl', "
            "'asyncio', 'queue', 'signal')\n"
            "print(json.dumps([n for n in names if eventlet.patcher.is_monkey_patched(n)]))\n"
            "import socket, threading, queue, time, subprocess, os, ssl, select, selectors, _thread, asyncio\n"
            "where = {'socket': socket.socket, 'ssl': ssl.SSLSocket, 'Lock': threading.Lock, 'RLock': threading.RLock, "
            "'Queue': queue.Queue, 'SimpleQueue': queue.SimpleQueue, 'sleep': time.sleep,\n"
            "         'Popen': subprocess.Popen, 'fork': os.fork, 'read': os.read, 'selector': selectors.DefaultSelector, "
            "'Thread': threading.Thread}\n"
            "print(json.dumps({k: v.__module__ for k, v in where.items()})); print(hasattr(select, 'epoll'), hasattr(select, "
            "'poll'))\n"
        ),
        "twice": told(PATCH + "print(eventlet.monkey_patch())\n"),
        "unknown": told("import eventlet; eventlet.monkey_patch(nothing=True)\n"),
        "one": told(
            "import eventlet; eventlet.monkey_patch(time=True); print(eventlet.patcher.is_monkey_patched('time'), "
            "eventlet.patcher.is_monkey_patched('socket'))"
        ),
        "locks that were there": told(
            "import threading, logging, queue\n"
            "before = threading.RLock(); held = threading.RLock(); held.acquire()\n"
            + PATCH
            + "print(type(before).__module__ != type(threading.RLock()).__module__, type(logging._lock).__module__)\n"
            "print(before.acquire(False), held.acquire(False))\n"
            "def other(): return before.acquire(False)\n"
            "print(eventlet.spawn(other).wait())\n"
        ),
    }


@probe("P164", "eventlet", "threads", source="eventlet 0.33, issue 697: an unlocked lock cannot be released; 0.40.1, issue 1042")
def how_patched_locks_behave() -> Any:
    return told(
        PATCH + "import threading, json\n"
        "def outcome(fn, *a, **k):\n"
        "    try: return fn(*a, **k)\n"
        "    except BaseException as e: return type(e).__name__\n"
        "held = threading.Lock(); held.acquire(); owned = threading.RLock(); owned.acquire(); condition = threading.Condition()\n"
        "print(json.dumps([outcome(threading.Lock().release), outcome(owned.release), outcome(owned.release)]))\n"
        "print(json.dumps([outcome(held.acquire, False), outcome(held.acquire, timeout=0.001), outcome(held.acquire, True, "
        "-2), outcome(held.acquire, False, 1)]))\n"
        "owned.acquire()\n"
        "print(json.dumps([outcome(eventlet.spawn(owned.acquire, False).wait), outcome(eventlet.spawn(owned.release).wait)]))\n"
        "print(json.dumps([outcome(condition.wait, 0.001), outcome(condition.notify)]))\n"
        "with condition: print(json.dumps(outcome(condition.wait, 0.001)))\n"
        "print(json.dumps([outcome(threading.Event().wait, 0.001), outcome(threading.Semaphore(0).acquire, timeout=0.001), "
        "outcome(threading.Barrier(2).wait, 0.001)]))\n"
    )


@probe("P400", "eventlet", "lifecycle", source="eventlet 0.40.1, PR 1047: fork; thread pool and hub in a child")
def a_forked_child_of_a_patched_program_works() -> Any:
    program = (
        PATCH + "import os, threading, time, eventlet.tpool\n"
        "{before}\n"
        "lock = threading.Lock(); threading.Thread(target=eventlet.sleep, args=(1,), daemon=True).start(); eventlet.sleep(0)\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    found = [len(threading.enumerate()), lock.acquire(timeout=1)]; time.sleep(0.01)\n"
        "    t = threading.Thread(target=found.append, args=('thread',)); t.start(); t.join(); print(*found, flush=True); "
        "os._exit(5)\n"
        "print(os.waitpid(pid, 0)[1] >> 8, flush=True)\n"
    )
    return {
        case: told(program.format(before=before))
        for case, before in {"plain": "", "after the thread pool": "eventlet.tpool.execute(len, '')"}.items()
    }
