"""treq: what its import brings, what a response gives twice, what its errors are."""

from typing import Any

from interop.probes.observe import child, outcome, parameters
from interop.probes.probe import probe


@probe("P393", "treq", "signatures", "twisted", source="treq 22, 23, 24: keywords and their deprecation")
def the_parameters_of_what_glue_calls() -> Any:
    import treq
    import treq.client

    calls = {
        "get": treq.get,
        "request": treq.request,
        "content": treq.content,
        "collect": treq.collect,
        "client": treq.client.HTTPClient.request,
    }
    return {each: outcome(parameters, fn) for each, fn in calls.items()}


@probe(
    "P394", "treq", "converters", "twisted", source="treq: a response's body is collected once, and cached; errors of the agent"
)
def what_a_response_and_a_refused_connection_give() -> Any:
    seen = child(
        "import socket, treq\n"
        "from twisted.internet import defer, task\n"
        "from twisted.web import server, resource\n"
        "class R(resource.Resource):\n"
        "    isLeaf = True\n"
        "    def render(self, request): return b'body'\n"
        "async def main(reactor):\n"
        "    port = reactor.listenTCP(0, server.Site(R()), interface='127.0.0.1'); url = "
        "f'http://127.0.0.1:{port.getHost().port}/'\n"
        "    response = await treq.get(url, persistent=False)\n"
        "    print(type(response).__module__, response.code, await response.text(), await response.text(), await "
        "treq.content(response) == b'body')\n"
        "    unread = await treq.get(url, persistent=False, unbuffered=True); print(await unread.text())\n"
        "    try: print(await unread.text())\n"
        "    except Exception as e: print(type(e).__name__)\n"
        "    await port.stopListening()\n"
        "    try: await treq.get(url, persistent=False)\n"
        "    except Exception as e: print(type(e).__name__)\n"
        "    d = treq.get(url, persistent=False); d.cancel()\n"
        "    try: await d\n"
        "    except Exception as e: print(type(e).__name__)\n"
        "task.react(lambda reactor: defer.ensureDeferred(main(reactor)))\n",
        "-W",
        "ignore",
    )
    return [seen["exit"], *seen["out"], *seen["printed"]]


@probe("P395", "treq", "warnings", "twisted", source="treq on new releases of Twisted and Python")
def what_importing_treq_warns_of_and_loads() -> Any:
    seen = child(
        "import sys, warnings; warnings.simplefilter('always'); said = []\n"
        "warnings.showwarning = lambda m, c, *a, **k: said.append(c.__name__)\n"
        "import treq; print(*sorted(set(said))); print('twisted.internet.reactor' in sys.modules)\n"
    )
    return [seen["exit"], *seen["out"], *seen["printed"]]
