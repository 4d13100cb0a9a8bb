"""pytest-asyncio: which loop, task and context tests and fixtures share, in which mode, and what is reported.

Source: pytest-asyncio's change log, 0.17 to 1.5.
"""

from interop.probes.observe import run_tests
from interop.probes.probe import probe

PLUGIN = ("-p", "pytest_asyncio.plugin")


@probe(
    "P248",
    "pytest_asyncio",
    "contextvars",
    "pytest",
    source="pytest-asyncio 0.25, PR 1008; 1.1, #127: context of async fixtures reaches tests",
)
def which_context_fixtures_and_tests_share():
    source = """
import contextvars, pytest, pytest_asyncio
var = contextvars.ContextVar("var", default="empty")
@pytest_asyncio.fixture
async def generator():
    var.set("fixture's")
    yield
    assert var.get() == "test's"
@pytest_asyncio.fixture
async def coroutine():
    var.set("fixture's")
@pytest.fixture
def plain():
    var.set("fixture's")
    yield
@pytest_asyncio.fixture
async def other(generator):
    assert var.get() == "fixture's"
    yield
@pytest.mark.asyncio
async def test_sees_a_generator_fixture(generator):
    assert var.get() == "fixture's"
    var.set("test's")
@pytest.mark.asyncio
async def test_sees_a_coroutine_fixture(coroutine):
    assert var.get() == "fixture's"
@pytest.mark.asyncio
async def test_sees_a_plain_fixture(plain):
    assert var.get() == "fixture's"
@pytest.mark.asyncio
async def test_fixtures_see_each_other(other): pass
def test_plain_test_sees_an_async_fixture(coroutine):
    assert var.get() == "fixture's"
@pytest.mark.asyncio
async def test_is_left_clean():
    assert var.get() == "empty"
def test_plain_is_left_clean():
    assert var.get() == "empty"
@pytest_asyncio.fixture
async def reset():
    token = var.set("fixture's")
    yield
    var.reset(token)
@pytest.mark.asyncio
async def test_reset(reset): pass
"""
    return run_tests(source, *PLUGIN, "--asyncio-mode=strict")


@probe(
    "P249",
    "pytest_asyncio",
    "threads",
    "pytest",
    source="pytest-asyncio 0.23 (loop scopes), 0.24 (loop_scope=), 1.0 (no event_loop), #706",
)
def which_loop_tests_and_fixtures_run_in():
    source = """
import asyncio, pytest, pytest_asyncio
loops = {}
@pytest_asyncio.fixture
async def fixture_loop(): return asyncio.get_running_loop()
@pytest_asyncio.fixture(scope="module")
async def module_loop(): return asyncio.get_running_loop()
@pytest.mark.asyncio
async def test_shares_the_fixture_s_loop(fixture_loop):
    loops["first"] = asyncio.get_running_loop()
    assert asyncio.get_running_loop() is fixture_loop
@pytest.mark.asyncio
async def test_has_a_loop_of_its_own():
    assert asyncio.get_running_loop() is not loops["first"]
@pytest.mark.asyncio
async def test_shares_a_module_fixture_s_loop(module_loop):
    assert asyncio.get_running_loop() is module_loop
@pytest.mark.asyncio
async def test_event_loop_fixture(event_loop):
    assert asyncio.get_running_loop() is event_loop
def test_plain_event_loop_fixture(event_loop):
    assert not event_loop.is_running()
def test_plain_current_loop():
    asyncio.get_event_loop()
@pytest.mark.asyncio
async def test_first_loop_is_closed():
    assert loops["first"].is_closed()
@pytest.mark.asyncio(loop_scope="module")
async def test_module_scope():
    loops["module"] = asyncio.get_running_loop()
@pytest.mark.asyncio(loop_scope="module")
async def test_module_scope_again():
    assert asyncio.get_running_loop() is loops["module"]
@pytest.mark.asyncio(scope="module")
async def test_old_scope(): pass
class TestClass:
    @pytest.mark.asyncio(loop_scope="class")
    async def test_class_scope(self): pass
@pytest.mark.asyncio
async def test_same_task(fixture_loop):
    assert len(asyncio.all_tasks()) == 1
@pytest.mark.asyncio
async def test_default_loop_type():
    assert type(asyncio.get_running_loop()) is type(asyncio.new_event_loop())
"""
    whole = run_tests(source, *PLUGIN, "--asyncio-mode=strict")
    if "collection" not in whole.get("tests", {}):
        return whole
    # Releases that refuse a marker's argument refuse the whole file.
    reduced = (
        source.replace('loop_scope="module"', "")
        .replace('loop_scope="class"', "")
        .replace('scope="module")\nasync def test_old', ")\nasync def test_old")
    )
    return {"whole": whole, "reduced": run_tests(reduced, *PLUGIN, "--asyncio-mode=strict")}


@probe(
    "P250",
    "pytest_asyncio",
    "detection",
    "pytest",
    source="pytest-asyncio 0.17 (modes), 0.19 (strict by default), 0.25 (#979: strict warns)",
)
def which_functions_each_mode_takes_over():
    source = """
import asyncio, functools, pytest, pytest_asyncio
@pytest.fixture
async def plain_fixture(): return 1
@pytest_asyncio.fixture
async def own_fixture(): return 1
async def test_unmarked(): await asyncio.sleep(0)
@pytest.mark.asyncio
async def test_marked(): await asyncio.sleep(0)
@pytest.mark.asyncio
async def test_plain_fixture(plain_fixture): assert plain_fixture == 1
@pytest.mark.asyncio
async def test_own_fixture(own_fixture): assert own_fixture == 1
@pytest.mark.asyncio
def test_marked_but_plain(): pass
@pytest.mark.asyncio
async def test_generator():
    yield
class TestClass:
    async def test_method(self): await asyncio.sleep(0)
    @staticmethod
    async def test_static(): await asyncio.sleep(0)
    @pytest.mark.asyncio
    async def test_marked_method(self): await asyncio.sleep(0)
@pytest.mark.parametrize("value", [1, 2])
@pytest.mark.asyncio
async def test_parametrized(value): await asyncio.sleep(0)
def test_uses_an_async_fixture(own_fixture): assert own_fixture == 1
def decorated(fn):
    @functools.wraps(fn)
    def inner(*args, **kwargs): return fn(*args, **kwargs)
    return inner
@pytest.mark.asyncio
@decorated
async def test_wrapped(): await asyncio.sleep(0)
"""
    return {
        mode or "default": run_tests(source, *PLUGIN, *([f"--asyncio-mode={mode}"] if mode else []))
        for mode in ("", "strict", "auto")
    }


@probe(
    "P251",
    "pytest_asyncio",
    "lifecycle",
    "pytest",
    source="pytest-asyncio 1.1, #200: tasks are cancelled when their loop's scope ends; 0.25.2: async generators closed",
)
def what_is_done_with_what_a_test_leaves_behind():
    source = """
import asyncio, gc, pytest, warnings
log = []
@pytest.mark.asyncio
async def test_leaves_a_task():
    async def waits():
        try: await asyncio.sleep(100)
        except BaseException as error: log.append(type(error).__name__); raise
    test_leaves_a_task.task = asyncio.ensure_future(waits())
    await asyncio.sleep(0)
def test_task_was_cancelled(): assert log == ["CancelledError"]
async def items():
    try: yield 1
    finally: log.append("generator closed")
@pytest.mark.asyncio
async def test_leaves_a_generator():
    test_leaves_a_generator.items = items()
    await test_leaves_a_generator.items.__anext__()
def test_generator_was_closed(): assert "generator closed" in log
@pytest.mark.asyncio
async def test_closes_the_loop():
    asyncio.get_running_loop().call_soon(asyncio.get_running_loop().stop)
@pytest.mark.asyncio
async def test_after_that(): await asyncio.sleep(0)
@pytest.mark.asyncio
async def test_loses_a_failure():
    async def fails(): raise KeyError
    asyncio.ensure_future(fails()); await asyncio.sleep(0); await asyncio.sleep(0)
    gc.collect()
def test_runs_its_own_loop(): asyncio.run(asyncio.sleep(0))
@pytest.mark.asyncio
async def test_after_a_run(): await asyncio.sleep(0)
def test_unsets_the_loop(): asyncio.set_event_loop(None)
@pytest.mark.asyncio
async def test_after_unset(): await asyncio.sleep(0)
def test_current_loop_at_the_end():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        asyncio.get_event_loop()
"""
    return run_tests(source, *PLUGIN, "--asyncio-mode=strict")


@probe(
    "P252",
    "pytest_asyncio",
    "exceptions",
    "pytest",
    source="pytest-asyncio: failures, cancels, exits and interrupts in tests and fixtures",
)
def how_failures_and_cancels_are_reported():
    source = """
import asyncio, pytest, pytest_asyncio
@pytest.mark.asyncio
async def test_fails(): assert False
@pytest.mark.asyncio
async def test_cancelled(): raise asyncio.CancelledError
@pytest.mark.asyncio
async def test_cancels_itself():
    asyncio.current_task().cancel(); await asyncio.sleep(0)
@pytest.mark.asyncio
async def test_skips(): pytest.skip("why")
@pytest.mark.asyncio
@pytest.mark.xfail
async def test_expected(): assert False
@pytest.mark.asyncio
async def test_exits(): raise SystemExit(3)
@pytest_asyncio.fixture
async def fails_before(): raise KeyError
@pytest_asyncio.fixture
async def fails_after():
    yield
    raise KeyError
@pytest_asyncio.fixture
async def twice():
    yield
    yield
@pytest_asyncio.fixture(params=[1, 2])
async def param(request): return request.param
@pytest.mark.asyncio
async def test_before(fails_before): pass
@pytest.mark.asyncio
async def test_after(fails_after): pass
@pytest.mark.asyncio
async def test_twice(twice): pass
@pytest.mark.asyncio
async def test_param(param): assert param in (1, 2)
@pytest.mark.asyncio
async def test_timeout(): await asyncio.wait_for(asyncio.Event().wait(), 0.001)
"""
    return run_tests(source, *PLUGIN, "--asyncio-mode=strict")


@probe(
    "P253",
    "pytest_asyncio",
    "lifecycle",
    "pytest",
    source="pytest-asyncio 0.23 (event_loop_policy), 1.0 (event_loop removed), 1.4 (loop factories)",
)
def which_ways_of_choosing_the_loop_still_work():
    own_loop = """
import asyncio, pytest
class Mine(asyncio.SelectorEventLoop): pass
@pytest.fixture
def event_loop():
    loop = Mine()
    yield loop
    loop.close()
@pytest.mark.asyncio
async def test_own_loop(): assert isinstance(asyncio.get_running_loop(), Mine)
"""
    policy = """
import asyncio, pytest
class Mine(asyncio.SelectorEventLoop): pass
class Policy(asyncio.DefaultEventLoopPolicy):
    def new_event_loop(self): return Mine()
@pytest.fixture
def event_loop_policy(): return Policy()
@pytest.mark.asyncio
async def test_own_policy(): assert isinstance(asyncio.get_running_loop(), Mine)
"""
    factories = """
import asyncio, pytest
class Mine(asyncio.SelectorEventLoop): pass
@pytest.mark.asyncio
async def test_own_factory(): assert isinstance(asyncio.get_running_loop(), Mine)
@pytest.mark.asyncio(loop_factories=["mine"])
async def test_chosen_factory(): assert isinstance(asyncio.get_running_loop(), Mine)
"""
    debug = """
import asyncio, pytest
@pytest.mark.asyncio
async def test_debug(): assert asyncio.get_running_loop().get_debug()
"""
    return {
        "event_loop": run_tests(own_loop, *PLUGIN, "--asyncio-mode=strict"),
        "event_loop_policy": run_tests(policy, *PLUGIN, "--asyncio-mode=strict"),
        "loop factories": run_tests(factories, *PLUGIN, "--asyncio-mode=strict"),
        "--asyncio-debug": run_tests(debug, *PLUGIN, "--asyncio-mode=strict", "--asyncio-debug"),
        "default scopes": run_tests(
            debug, *PLUGIN, ini="asyncio_default_fixture_loop_scope = session\nasyncio_default_test_loop_scope = session\n"
        ),
    }


@probe(
    "P254",
    "pytest_asyncio",
    "lifecycle",
    "pytest",
    source="pytest-asyncio #706, #862, #1020: wide fixtures between tests of narrow loops; order of clean-up",
)
def in_which_order_and_loop_wide_fixtures_are_made_and_cleaned():
    source = """
import asyncio, pytest, pytest_asyncio
log = []
@pytest_asyncio.fixture(scope="module")
async def wide():
    log.append("wide made")
    loop = asyncio.get_running_loop()
    yield log
    log.append("wide cleaned")
    assert loop is asyncio.get_running_loop()
@pytest_asyncio.fixture
async def narrow(wide):
    log.append("narrow made")
    yield
    log.append("narrow cleaned")
@pytest.mark.asyncio
async def test_first(narrow): assert log == ["wide made", "narrow made"]
def test_between(): asyncio.run(asyncio.sleep(0))
@pytest.mark.asyncio
async def test_second(narrow): assert log[-3:] == ["narrow made", "narrow cleaned", "narrow made"]
@pytest_asyncio.fixture
async def uses_a_task():
    started = asyncio.Event()
    async def work():
        started.set()
        await asyncio.sleep(100)
    task = asyncio.ensure_future(work())
    await started.wait()
    yield task
    task.cancel()
@pytest.mark.asyncio
async def test_fixture_s_task_is_alive(uses_a_task): assert not uses_a_task.done()
@pytest_asyncio.fixture
async def scope():
    async with asyncio.timeout(10):
        yield
@pytest.mark.asyncio
async def test_scope_across_the_yield(scope): await asyncio.sleep(0)
@pytest_asyncio.fixture
async def group():
    async with asyncio.TaskGroup() as tasks:
        yield tasks
@pytest.mark.asyncio
async def test_group_across_the_yield(group): group.create_task(asyncio.sleep(0))
"""
    return run_tests(source, *PLUGIN, "--asyncio-mode=strict")
