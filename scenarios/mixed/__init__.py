"""Programs that mix frameworks, through portals.

anywhere.py       fetch in one framework, save in another, driven by a third: any mix of the names in RUNTIMES
driven_by_x.py    the driver of each: ordinary code of framework x
x_in_y.py         short programs that people ask for, each on its own: read them, copy them
"""

# Every runtime, and the file that has its driver.
RUNTIMES = {
    "asyncio": "driven_by_asyncio",
    "asyncio[uvloop]": "driven_by_asyncio",
    "tornado": "driven_by_tornado",
    "twisted": "driven_by_twisted",
    "twisted[asyncio]": "driven_by_twisted",
    "gevent": "driven_by_gevent",
    "eventlet": "driven_by_eventlet",
    "trio": "driven_by_trio",
    "anyio[asyncio]": "driven_by_anyio",
    "anyio[trio]": "driven_by_anyio",
    "threads": "driven_by_threads",
}
