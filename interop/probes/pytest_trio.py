"""pytest-trio: which tests it takes, in which context and nursery fixtures run, what becomes of errors."""

from typing import Any

from interop.probes.forked import tested
from interop.probes.probe import probe

HEAD = "import contextvars, pytest, trio\nvar = contextvars.ContextVar('var', default='lost')\n"
MARKED = HEAD + "pytestmark = pytest.mark.trio\n"


def _run(**sources: "tuple[str, str]") -> dict[str, Any]:
    return tested("import trio", {case: (source, ("-p", "trio"), ini) for case, (source, ini) in sources.items()})


@probe(
    "P288",
    "pytest_trio",
    "contextvars",
    "pytest",
    source="pytest-trio: fixtures and test share a context, and run as tasks of one nursery",
)
def what_a_test_sees_of_what_its_fixtures_set() -> Any:
    fixtures = """
@pytest.fixture
async def generator():
    var.set('generator')
    yield
@pytest.fixture
async def plain(): var.set('plain')
@pytest.fixture
def sync(): var.set('sync')
async def test_generator(generator): assert var.get() == 'generator'
async def test_plain(plain): assert var.get() == 'plain'
async def test_sync(sync): assert var.get() == 'sync'
"""
    return _run(contexts=(MARKED + fixtures, ""))["contexts"]


@probe(
    "P289",
    "pytest_trio",
    "detection",
    "pytest",
    source="pytest-trio 0.5: trio_mode; 0.7: trio_run; fixtures that are async without a mark",
)
def which_tests_and_fixtures_the_plugin_takes() -> Any:
    test = "async def test_it(): await trio.sleep(0)\n"
    fixture = "@pytest.fixture\nasync def made(): return 1\ndef test_sync(made): assert made == 1\n"
    fixture += "async def test_async(made): assert made == 1\n"
    wide = "@pytest.fixture(scope='module')\nasync def made(): return 1\nasync def test_async(made): assert made == 1\n"
    return _run(
        marked=(MARKED + test, ""),
        unmarked=(HEAD + test, ""),
        mode=(HEAD + test, "trio_mode = true\n"),
        fixtures=(MARKED + fixture, ""),
        wide=(MARKED + wide, ""),
        run=(HEAD + test, "trio_mode = true\ntrio_run = qtrio\n"),
    )


@probe(
    "P290",
    "pytest_trio",
    "exceptions",
    "pytest",
    source="pytest-trio 0.8, issues 104, 120: skips in groups; a crashing fixture beside one that hangs; 0.6: a cancelled yield",
)
def what_becomes_of_outcomes_errors_and_crashed_fixtures() -> Any:
    tests = """
@pytest.fixture
async def crashes():
    raise ValueError
@pytest.fixture
async def hangs():
    await trio.sleep_forever()
@pytest.fixture
async def background(nursery):
    async def fails(): raise KeyError
    yield lambda: nursery.start_soon(fails)
async def test_skip():
    async with trio.open_nursery(): pytest.skip()
async def test_xfail():
    async with trio.open_nursery(): pytest.xfail()
async def test_two():
    async with trio.open_nursery() as n:
        n.start_soon(pytest.skip); pytest.skip()
async def test_crash(crashes, hangs): pass
async def test_background(background):
    background(); await trio.sleep_forever()
async def test_cancelled(nursery): nursery.cancel_scope.cancel(); await trio.sleep(0)
async def test_passes(): await trio.sleep(0)
"""
    return _run(outcomes=(MARKED + tests, ""))["outcomes"]


@probe(
    "P291",
    "pytest_trio",
    "lifecycle",
    "pytest",
    source="pytest-trio docs: nursery, clocks; a scope around the yield of a fixture",
)
def which_fixtures_that_hold_scopes_work() -> Any:
    tests = """
@pytest.fixture
async def group():
    async with trio.open_nursery() as made:
        yield made
        made.cancel_scope.cancel()
async def test_nursery(nursery): nursery.start_soon(trio.sleep_forever)
async def test_group(group): group.start_soon(trio.sleep_forever)
async def test_autojump(autojump_clock):
    begin = trio.current_time(); await trio.sleep(1000); assert trio.current_time() - begin >= 1000
async def test_clock(mock_clock): mock_clock.jump(5); assert trio.current_time() >= 5
class TestIt:
    async def test_method(self): await trio.sleep(0)
@pytest.mark.parametrize('number', [1, 2])
async def test_parameter(number): assert number
"""
    return _run(fixtures=(MARKED + tests, ""))["fixtures"]
