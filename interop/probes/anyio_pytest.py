"""anyio's pytest plugin: in which task and context fixtures and tests run, what becomes of outcomes and lost errors, its modes.

Each probe runs pytest on a file of its own, with this plugin and no other.
"""

from typing import Any

from interop.probes.forked import tested
from interop.probes.observe import child, pytested
from interop.probes.probe import probe

HEAD = "import anyio, contextvars, pytest\nvar = contextvars.ContextVar('var', default='lost')\n"
MARKED = HEAD + "pytestmark = pytest.mark.anyio\n"
ASYNCIO = MARKED + "@pytest.fixture(scope='module')\ndef anyio_backend(): return 'asyncio'\n"


def _run(**sources: str) -> dict[str, Any]:
    return tested("import asyncio", {case: (source, ("-p", "anyio"), "") for case, source in sources.items()})


@probe(
    "P340",
    "anyio",
    "contextvars",
    "pytest",
    source="anyio 4.0: fixtures and test run in one task, so what a fixture sets reaches the test",
)
def what_a_test_sees_of_what_its_fixtures_set() -> Any:
    body = """
@pytest.fixture
async def generator():
    var.set('generator')
    yield
    assert var.get() == 'test'
@pytest.fixture
async def plain():
    var.set('plain')
@pytest.fixture
def sync():
    var.set('sync')
"""
    test = "async def test_it({0}):\n    assert var.get() == '{0}'\n    var.set('test')\n"
    return _run(**{kind: MARKED + body + test.format(kind) for kind in ("generator", "plain", "sync")})


@probe(
    "P341",
    "anyio",
    "lifecycle",
    "pytest",
    source="anyio 4.6.1, 4.6.2, PR 807: parametrized async fixtures; 4.13, PR 1068: a parameter called func",
)
def which_parametrized_fixtures_and_tests_work() -> Any:
    return _run(
        it=ASYNCIO
        + """
@pytest.fixture(params=['a', 'b'])
async def letter(request): return request.param
@pytest.fixture(params=['a', 'b'])
async def yielded(request): yield request.param
@pytest.fixture
async def nothing(): return 1
async def test_letter(letter): assert letter in 'ab'
async def test_yielded(yielded): assert yielded in 'ab'
async def test_request(nothing, request): assert request.node is not None and nothing
@pytest.mark.parametrize('func', [1])
async def test_parameter(func): assert func == 1
@pytest.mark.parametrize('number', [1, 2])
async def test_both(number, letter): assert number
"""
    )


@probe(
    "P342",
    "anyio",
    "lifecycle",
    "pytest",
    source="anyio 4.5.1, issue 633: self of an async fixture; 3.6: a scope around the yield; 4.1, issue 619",
)
def which_fixtures_that_hold_scopes_or_self_work() -> Any:
    return _run(
        it=ASYNCIO
        + """
@pytest.fixture
async def group():
    async with anyio.create_task_group() as made:
        yield made
        made.cancel_scope.cancel()
@pytest.fixture(scope='module')
async def wide():
    async with anyio.create_task_group() as made:
        yield made
        made.cancel_scope.cancel()
@pytest.fixture
async def scope():
    with anyio.CancelScope() as made: yield made
async def test_group(group): group.start_soon(anyio.sleep_forever)
async def test_wide(wide): wide.start_soon(anyio.sleep_forever)
async def test_wide_again(wide): await anyio.sleep(0)
async def test_scope(scope): await anyio.sleep(0)
class TestIt:
    @pytest.fixture
    async def mine(self):
        self.value = 1
        return self
    async def test_self(self, mine): assert mine is self and self.value == 1
"""
    )


@probe(
    "P343",
    "anyio",
    "detection",
    "pytest",
    source="anyio 4.11, PR 971: auto mode; 4.15, PR 1242: --anyio-mode; 4.13, issue 422: a marker that comes late",
)
def which_tests_the_plugin_takes() -> Any:
    unmarked = HEAD + "@pytest.fixture\ndef anyio_backend(): return 'asyncio'\nasync def test_it(): await anyio.sleep(0)\n"
    late = unmarked + "def pytest_collection_modifyitems(items):\n    for each in items: each.add_marker(pytest.mark.anyio)\n"
    plugin = ("-p", "anyio")
    return tested(
        "import asyncio",
        {
            "marked": (MARKED + "async def test_it(): await anyio.sleep(0)\n", plugin, ""),
            "unmarked": (unmarked, plugin, ""),
            "unmarked, fixture asked for": (unmarked + "async def test_other(anyio_backend): await anyio.sleep(0)\n", plugin, ""),
            "auto in the file": (unmarked, plugin, "anyio_mode = auto\n"),
            "auto as an option": (unmarked, (*plugin, "--anyio-mode=auto"), ""),
            "marked late": (late, (*plugin, "-p", "test_it"), ""),
        },
    )


@probe(
    "P344",
    "anyio",
    "exceptions",
    "pytest",
    source="anyio 3.0: lost errors of callbacks and tasks fail the test; 4.14.1, issue 1179: outcomes with wide fixtures",
)
def what_becomes_of_outcomes_and_lost_errors() -> Any:
    outcomes = """
@pytest.fixture(scope='module')
async def wide():
    async with anyio.create_task_group() as group: yield group
async def test_skips(wide): pytest.skip()
async def test_xfails(wide): pytest.xfail()
async def test_fails(wide): pytest.fail()
async def test_passes(wide): await anyio.sleep(0)
"""
    lost = """
import asyncio
async def test_callback():
    asyncio.get_running_loop().call_soon(lambda: 1 / 0)
    await anyio.sleep(0.001)
async def test_task():
    async def fails(): raise ValueError
    asyncio.ensure_future(fails())
    await anyio.sleep(0.001)
    import gc; gc.collect()
async def test_group():
    async with anyio.create_task_group() as group:
        pytest.skip()
async def test_after(): await anyio.sleep(0)
"""
    return _run(outcomes=ASYNCIO + outcomes, lost=ASYNCIO + lost)


@probe(
    "P345", "anyio", "lifecycle", "pytest", source="anyio 4.14, issue 1148: getfixturevalue() of an async fixture hung on Trio"
)
def what_asking_for_an_async_fixture_in_a_test_does() -> Any:
    return _run(
        it=MARKED
        + """
@pytest.fixture
async def later(): return 1
async def test_it(request):
    try: value = request.getfixturevalue('later')
    except RuntimeError: pytest.skip()
"""
    )


@probe(
    "P346",
    "anyio",
    "warnings",
    "pytest",
    source="anyio 4.15, issue 1271: warnings of the plugin under filterwarnings = error; its fixtures",
)
def what_the_plugin_loads_warns_of_and_offers() -> Any:
    names = ("free_tcp_port", "free_udp_port_factory", "anyio_backend_name", "anyio_backend_options")
    offers = "".join(f"def test_{each}({each}): assert {each} is not None\n" for each in names)
    seen = child("import sys, anyio.pytest_plugin; print('trio' in sys.modules, 'asyncio' in sys.modules)")
    return {
        "errors": pytested(
            ASYNCIO + "async def test_it(): await anyio.sleep(0)\n", "-p", "anyio", ini="filterwarnings = error\n"
        ),
        **_run(offers=offers, backends=MARKED + "async def test_it(anyio_backend_name): await anyio.sleep(0)\n"),
        "import": [seen["exit"], *seen["out"]],
    }
