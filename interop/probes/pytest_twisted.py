"""pytest-twisted: which tests it runs in its reactor, and what becomes of errors, contexts and fixtures."""

from typing import Any

from interop.probes.forked import tested
from interop.probes.probe import probe

HEAD = """
import contextvars, pytest, pytest_twisted
from twisted.internet import defer
var = contextvars.ContextVar('var', default='lost')
def sleep():
    from twisted.internet import reactor
    d = defer.Deferred()
    reactor.callLater(0.001, d.callback, 'slept')
    return d
"""


def _run(*options: str, **sources: str) -> dict[str, Any]:
    return tested("", {case: (HEAD + source, ("-p", "pytest_twisted", *options), "") for case, source in sources.items()})


@probe(
    "P292",
    "pytest_twisted",
    "detection",
    "pytest",
    "twisted",
    source="pytest-twisted README: ensureDeferred, inlineCallbacks, deferreds that are returned",
)
def which_tests_run_in_the_reactor() -> Any:
    return _run(
        tests="""
@pytest_twisted.ensureDeferred
async def test_ensured(): assert await sleep() == 'slept'
@pytest_twisted.inlineCallbacks
def test_inline():
    value = yield sleep()
    assert value == 'slept'
def test_deferred(): return sleep()
def test_failed(): return sleep().addCallback(lambda _: 1 / 0)
async def test_plain(): assert await sleep() == 'slept'
def test_blocked(): assert pytest_twisted.blockon(sleep()) == 'slept'
@pytest_twisted.ensureDeferred
async def test_blocked_inside(): pytest_twisted.blockon(sleep())
"""
    )["tests"]


@probe(
    "P293",
    "pytest_twisted",
    "lifecycle",
    "pytest",
    "twisted",
    source="pytest-twisted 1.12, 1.14: async fixtures, their scopes and their ends",
)
def which_fixtures_work() -> Any:
    return _run(
        fixtures="""
log = []
@pytest_twisted.async_fixture
async def plain(): return await sleep()
@pytest_twisted.async_yield_fixture
async def yielded():
    yield await sleep()
    log.append('yielded ends')
@pytest_twisted.async_yield_fixture(scope='module')
async def wide():
    yield await sleep()
@pytest_twisted.ensureDeferred
async def test_plain(plain): assert plain == 'slept'
@pytest_twisted.ensureDeferred
async def test_yielded(yielded): assert yielded == 'slept'
def test_ended(): assert log == ['yielded ends']
def test_sync(wide): assert wide == 'slept'
"""
    )["fixtures"]


@probe(
    "P294",
    "pytest_twisted",
    "contextvars",
    "pytest",
    "twisted",
    source="pytest-twisted runs tests in a greenlet beside the reactor's",
)
def what_contexts_and_errors_become() -> Any:
    return _run(
        contexts="""
@pytest_twisted.async_fixture
async def setter(): var.set('fixture')
@pytest.fixture
def sync(): var.set('sync')
@pytest_twisted.ensureDeferred
async def test_async_fixture(setter): assert var.get() == 'fixture'
@pytest_twisted.ensureDeferred
async def test_sync_fixture(sync): assert var.get() == 'sync'
@pytest_twisted.ensureDeferred
async def test_kept():
    var.set('test')
    await sleep()
    assert var.get() == 'test'
def test_lost(): defer.fail(ValueError())
@pytest_twisted.ensureDeferred
async def test_skip(): pytest.skip()
"""
    )["contexts"]


@probe(
    "P295",
    "pytest_twisted",
    "lifecycle",
    "pytest",
    "twisted",
    source="pytest-twisted README: --reactor=default, asyncio, qt5reactor",
)
def which_reactors_can_be_asked_for() -> Any:
    test = "def test_it():\n    from twisted.internet import reactor\n    assert type(reactor).__name__ == '{}'\n"
    found = {
        each: _run(f"--reactor={each}", it=test.format(cls))["it"]
        for each, cls in {"default": "EPollReactor", "asyncio": "AsyncioSelectorReactor"}.items()
    }
    return found | {"nothing": _run("--reactor=nothing", it=test.format("x"))["it"]}
