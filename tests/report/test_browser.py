"""The page in a real browser: Debian's chromium, from a file, through selenium."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from interop.record import Finding, Record
from interop.record.crossing import Crossing, crossing
from interop.report.facts import About
from interop.report.html import page
from tests.report.records import big, hostile, of_each_verdict

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.campaign,
    pytest.mark.skipif(
        not (CHROMIUM and DRIVER), reason="no chromium or no chromedriver: apt-get install chromium chromium-driver"
    ),
]
EACH, HOSTILE, BIG = of_each_verdict(), hostile(), big()
ABOUT = {
    "C2": About(
        "the caller resumes after the callee's cleanup", "Trio: https://trio.readthedocs.io/", "a wait() that returns early"
    )
}
PATIENCE = 60  # seconds; nothing here is timed


class Page:
    """A browser with a record's page in it."""

    def __init__(self, browser: Any, folder: Path) -> None:
        self.browser, self.folder = browser, folder

    def open(self, record: Record, name: str, address: str = "") -> Page:
        path = self.folder / f"{name}.html"
        if not path.exists():
            path.write_text(page(record, ABOUT, {"C": "cancellation and time"}), encoding="utf-8")
        self.browser.get("about:blank")
        self.said(), self.requests()  # what another page left
        self.browser.get(f"{path.as_uri()}{address}")
        return self

    def run(self, script: str, *arguments: Any) -> Any:
        return self.browser.execute_script(script, *arguments)

    def texts(self, selector: str) -> list[str]:
        found: list[str] = self.run("return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)", selector)
        return found

    def click(self, selector: str) -> None:
        self.browser.find_element("css selector", selector).click()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.browser.switch_to.active_element.send_keys(key)

    def choose(self, facet: str, value: str) -> None:
        """As a hand would: one option of a select."""
        self.run(
            "const select = document.getElementById('facet-' + arguments[0]);"
            "select.value = [...select.options].find((option) => option.text.split(/: | \\(/)[0] === arguments[1]).value;"
            "select.dispatchEvent(new Event('change'))",
            facet,
            value,
        )

    def shown(self) -> int:
        """How many findings the page says that it shows."""
        found = re.match(r"([\d,]+) of ", self.texts("#shown")[0])
        assert found
        return int(found[1].replace(",", ""))

    def focus(self) -> dict[str, Any]:
        """The cell that has the focus."""
        found: dict[str, Any] = self.run(
            "const e = document.activeElement;"
            "return {role: e.getAttribute('role'), label: e.getAttribute('aria-label'), tag: e.tagName, id: e.id,"
            " row: e.dataset.row, column: e.dataset.column}"
        )
        return found

    def wait(self, condition: str) -> None:
        from selenium.webdriver.support.ui import WebDriverWait

        WebDriverWait(self.browser, PATIENCE).until(lambda _: self.run(f"return {condition}"), condition)

    def said(self) -> list[dict[str, Any]]:
        """What the console was told since it was asked last."""
        found: list[dict[str, Any]] = self.browser.get_log("browser")
        return found

    def requests(self) -> list[str]:
        """Every address that was asked for since then."""
        messages = [json.loads(entry["message"])["message"] for entry in self.browser.get_log("performance")]
        return [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]

    def prefer(self, scheme: str) -> None:
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    pytest.importorskip("selenium", reason="no selenium: the extra [test] brings it")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for argument in (
        "headless=new",
        "window-size=1400,900",
        "disable-dev-shm-usage",
        *(["no-sandbox"] if os.geteuid() == 0 else []),
    ):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(str(DRIVER)))
    try:
        yield Page(browser, tmp_path_factory.mktemp("pages"))
    finally:
        browser.quit()


@pytest.mark.parametrize(("record", "name"), [(EACH, "each"), (HOSTILE, "hostile"), (BIG, "big")], ids=["each", "hostile", "big"])
def test_it_opens_from_a_file_says_nothing_to_the_console_and_asks_nobody(there: Page, record: Record, name: str) -> None:
    there.open(record, name)
    views = there.texts("#views button")
    for n in range(1, len(views) + 1):
        there.click(f"#views button:nth-child({n})")
        there.click("#grid .cell")
        assert there.texts("#details h2")
    assert there.said() == []
    assert [url.split(":")[0] for url in there.requests()] == ["file"]


@pytest.mark.parametrize(("record", "name"), [(EACH, "each"), (HOSTILE, "hostile"), (BIG, "big")], ids=["each", "hostile", "big"])
def test_its_figures_are_the_record_s(there: Page, record: Record, name: str) -> None:
    there.open(record, name)
    figures = there.run(
        "return Object.fromEntries([...document.querySelectorAll('.chip')]"
        ".map((e) => [e.dataset.verdict, Number(e.dataset.count)]))"
    )
    against = figures.pop("against")
    assert against == sum(finding.against for finding in record.findings)
    assert figures.pop("departure", 0) == sum(bool(finding.departure) for finding in record.findings)
    assert figures == {verdict: record.count(verdict) for verdict in {finding.verdict for finding in record.findings}}
    assert there.shown() == len(record.findings)
    for verdict, count in figures.items():
        there.click(f".chip[data-verdict='{verdict}']")
        assert there.shown() == count
        there.click(f".chip[data-verdict='{verdict}']")
    there.click(".chip[data-verdict='against']")
    assert there.shown() == against


def test_each_cell_counts_the_findings_of_its_subject_and_chapter(there: Page) -> None:
    there.open(BIG, "big", "#view=subjects&caller=trio&callee=twisted")
    seen = there.run(
        "return [...document.querySelectorAll('#grid .cell')].map((e) => [e.getAttribute('aria-label'), e.textContent])"
    )
    expected: dict[str, list[Finding]] = {}
    for finding in BIG.findings:
        if finding.subject.startswith("trio->twisted/"):
            expected.setdefault(f"{finding.subject}, {finding.chapter}", []).append(finding)
    assert len(seen) == len(expected)
    for label, text in seen:
        *cells, words = label.replace(", C: cancellation and time", ", C").split(": ")
        (cell,) = cells
        kept = sum(finding.verdict == "kept" for finding in expected[cell])
        assert f"{kept} kept" in words
        assert text.endswith(f" {kept}" if kept == len(expected[cell]) else f" {kept}/{len(expected[cell])}")


CROSSINGS = {
    finding.subject: crossing(finding.subject) or Crossing("", "", "") for record in (EACH, BIG) for finding in record.findings
}
FACETS: dict[str, Callable[[Finding], str]] = {
    "caller": lambda f: CROSSINGS[f.subject].caller,
    "callee": lambda f: CROSSINGS[f.subject].callee,
    "topology": lambda f: CROSSINGS[f.subject].topology,
    "subject": lambda f: f.subject,
    "chapter": lambda f: f.chapter,
    "check": lambda f: f.check,
    "bridge": lambda f: f.bridge,
    "strength": lambda f: f.strength,
}


@pytest.mark.parametrize(
    ("facet", "value"),
    [
        ("caller", "trio"), ("callee", "asyncio"), ("topology", "guest"), ("subject", "gevent->asyncio/guest"), ("chapter", "R"),
        ("check", "C2"), ("bridge", "hasty"), ("strength", "PROBE"),
    ],
)  # fmt: skip
def test_a_filter_shows_what_it_names(there: Page, facet: str, value: str) -> None:
    there.open(EACH, "each")
    there.choose(facet, value)
    assert there.shown() == sum(FACETS[facet](finding) == value for finding in EACH.findings) > 0
    there.click("#reset")
    assert there.shown() == len(EACH.findings)


def test_filters_search_and_verdicts_work_together_in_20000_findings(there: Page) -> None:
    there.open(BIG, "big")
    there.choose("caller", "anyio[trio]")
    there.choose("chapter", "C")
    there.choose("topology", "thread")
    chosen = [
        f for f in BIG.findings if f.subject.startswith("anyio[trio]->") and f.subject.endswith("/thread") and f.chapter == "C"
    ]
    assert there.shown() == len(chosen)
    there.click(".chip[data-verdict='broken']")
    assert there.shown() == sum(finding.verdict == "broken" for finding in chosen) > 0
    there.click("#reset")
    there.click("#text")
    there.press("no outcome")
    hung = BIG.count("hung")
    there.wait(f"document.getElementById('shown').textContent.startsWith('{hung} of ')")
    there.press(" trio->")
    both = sum(finding.verdict == "hung" and "trio->" in finding.subject for finding in BIG.findings)
    there.wait(f"document.getElementById('shown').textContent.startsWith('{both} of ')")


def test_the_keyboard_reaches_everything(there: Page) -> None:
    from selenium.webdriver.common.keys import Keys

    there.open(EACH, "each")
    there.run("document.getElementById('reset').focus()")
    there.press(*[Keys.TAB] * (len(there.texts("#views button")) + 1))
    assert there.focus()["role"] == "gridcell"
    assert (there.focus()["row"], there.focus()["column"]) == ("0", "0")
    there.press(Keys.ARROW_DOWN, Keys.ARROW_RIGHT)
    assert (there.focus()["row"], there.focus()["column"]) == ("1", "1")
    there.press(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    assert there.focus()["role"] == "rowheader"
    there.press(Keys.ARROW_UP, Keys.ARROW_RIGHT, Keys.ARROW_UP)
    assert there.focus()["role"] == "columnheader"
    there.press(Keys.CONTROL + Keys.END)
    rows = len(there.texts("#grid .body .row"))
    assert there.focus()["row"] == str(rows - 1)
    there.press(Keys.CONTROL + Keys.HOME, "n")
    assert there.focus()["label"] == "gevent → asyncio/guest: 1 kit-error, 1 crashed, 1 hung, 1 blocked"

    there.press(Keys.ENTER)
    assert there.focus()["tag"] == "H2"
    there.press(Keys.TAB, Keys.ENTER)
    assert there.texts("#details h2") == ["R7 ctrl c ends it"]
    there.press(Keys.ESCAPE)
    assert len(there.texts("#details .item")) == 4
    there.press(Keys.ESCAPE)
    assert there.texts("#details h2") == []
    assert there.focus()["label"].startswith("gevent → asyncio/guest")
    there.press("/")
    assert there.focus()["id"] == "text"


def test_the_grid_says_what_it_is_to_a_screen_reader(there: Page) -> None:
    there.open(BIG, "big", "#view=checks")
    there.press("n")
    names = ["role", "aria-rowcount", "aria-colcount"]
    grid = there.run("return arguments[0].map((name) => document.getElementById('grid').getAttribute(name))", names)
    subjects = {finding.subject for finding in BIG.findings}
    assert grid == ["grid", str(len(subjects) + 1), "101"]
    roles = there.run(
        "return [...document.querySelectorAll('#grid .row')].map((row) => [...row.children].map((e) => e.getAttribute('role')))"
    )
    assert set(roles[0]) == {"columnheader"}
    assert all(row[0] == "rowheader" and set(row[1:]) == {"gridcell"} for row in roles[1:])
    assert there.run("return document.querySelectorAll('#grid [tabindex=\"0\"]').length") == 1
    assert there.run("return [...document.querySelectorAll('#grid .cell')].every((e) => e.getAttribute('aria-label'))")


def test_a_click_shows_everything_about_a_finding(there: Page) -> None:
    there.open(EACH, "each", "#view=list&bridge=hasty")
    there.click("#grid .cell")
    text = "\n".join(there.texts("#details"))
    for part in (
        "C2 the caller resumes after the callee's cleanup", "broken", "trio->asyncio/thread (hasty)", "MUST",
        "expected ['cleaned', 'resumed'], saw ['resumed', 'cleaned']", '["cleaned", "resumed"]', "a wait() that returns early",
        "Trio: https://trio.readthedocs.io/",
        "interop run --caller trio --callee asyncio --topology thread --bridge hasty --law C2",
        "interop reproduce 'C2@trio->asyncio/thread' --bridge hasty",
    ):  # fmt: skip
        assert part in text
    assert there.texts("#details .trace li") == ["resumed", "cleaned"]
    assert there.run("return document.querySelector('#details a').rel") == "noopener noreferrer"


@pytest.mark.parametrize(
    ("check", "part"),
    [
        ("L5", "Thread 1\n  hub.py:1 in wait"),
        ("C1", "a thread cannot be interrupted"),
        ("P12", "interop run --law P12"),
        ("P12", "interop reproduce P12"),
        ("P12", '["CancelledError", true]'),
        ("bomb-gzip", "interop run --framework tornado --behavior bomb-gzip"),
    ],
)
def test_stacks_departures_probes_and_behaviors_have_their_place(there: Page, check: str, part: str) -> None:
    there.open(EACH, "each", f"#view=list&check={check}")
    there.click("#grid .cell")
    assert part in "\n".join(there.texts("#details"))


def test_a_finding_leads_to_the_same_law_elsewhere(there: Page) -> None:
    there.open(BIG, "big", "#view=list&subject=trio->twisted/thread&check=C2")
    there.click("#grid .cell")
    there.click("#details .line button")
    assert there.shown() == sum(finding.check == "C2" for finding in BIG.findings)
    assert there.texts("#views [aria-pressed='true']") == ["Callers \N{MULTIPLICATION SIGN} callees"]


def test_20000_findings_are_drawn_a_screen_at_a_time_and_all_can_be_reached(there: Page) -> None:
    from selenium.webdriver.common.keys import Keys

    there.open(BIG, "big", "#view=list")
    assert len(there.texts("#grid .body .row")) < 100
    there.click("#grid .cell")
    there.press(Keys.CONTROL + Keys.END)
    last = BIG.findings[-1]
    row = there.run("return [...document.activeElement.closest('.row').children].map((e) => e.textContent)")
    assert row[1:3] == [last.check, last.subject]
    assert len(there.texts("#grid .body .row")) < 100
    there.run("document.getElementById('grid').scrollTop = 300000")
    there.wait("document.elementFromPoint(300, 500).closest('.body .row') !== null")


def test_the_address_remembers_the_view_and_the_filters(there: Page) -> None:
    there.open(BIG, "big")
    there.choose("callee", "twisted[asyncio]")
    there.click(".chip[data-verdict='hung']")
    there.click("[data-view='checks']")
    before = there.shown()
    address = there.run("return location.hash")
    there.open(BIG, "big", address)
    assert (
        there.shown()
        == before
        == sum(f.verdict == "hung" and CROSSINGS[f.subject].callee == "twisted[asyncio]" for f in BIG.findings)
    )
    assert there.texts("#views [aria-pressed='true']") == ["Every check"]


CONTRASTS = """
const linear = (part) => (part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4);
const light = (color) => {
  const [red, green, blue] = color.match(/[\\d.]+/g).slice(0, 3).map((part) => linear(part / 255));
  return .2126 * red + .7152 * green + .0722 * blue;
};
const ground = (element) => {
  for (; element; element = element.parentElement) {
    const color = getComputedStyle(element).backgroundColor;
    if (!/, 0\\)$/.test(color)) return color;
  }
};
const texts = ".chip, .cell, #shown, .quiet, [role=rowheader], [role=columnheader], #keys, label";
return [...document.querySelectorAll(texts)].map((element) => {
  const [one, other] = [light(getComputedStyle(element).color), light(ground(element))].sort((a, b) => b - a);
  return [element.className + " " + element.textContent, (one + .05) / (other + .05)];
});
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_can_be_read(there: Page, scheme: str) -> None:
    there.prefer(scheme)
    there.open(EACH, "each")
    there.run("for (const e of document.querySelectorAll('*')) e.style.transition = 'none'")
    ground = there.run("return getComputedStyle(document.documentElement).backgroundColor.match(/\\d+/g).map(Number)")
    assert (sum(ground) > 600) == (scheme == "light")
    for view in ("map", "subjects"):
        there.click(f"[data-view='{view}']")
        there.click("#grid .cell")
        weak = [(text, round(contrast, 2)) for text, contrast in there.run(CONTRASTS) if contrast < 4.5]
        assert weak == []
    there.prefer("light")


def test_the_button_changes_the_colors_whatever_the_system_says(there: Page) -> None:
    there.open(EACH, "each")
    grounds = []
    for _ in range(3):
        grounds.append(there.run("return getComputedStyle(document.documentElement).backgroundColor"))
        there.click("#theme")
    assert grounds[0] == grounds[1] != grounds[2]


def test_hostile_strings_are_text(there: Page) -> None:
    there.open(HOSTILE, "hostile", "#view=list")
    there.click("#grid .cell")
    assert "</script><script>window.hacked = 1</script>" in there.texts("#details")[0]
    assert there.run("return window.hacked") is None
    assert there.texts("img, #details script, #grid script, iframe") == []
    assert there.run("return document.scripts.length") == 2
    assert there.run("return [...document.links].map((link) => link.protocol).filter((it) => !it.startsWith('http'))") == []
    assert there.said() == []


def test_paper_shows_a_whole_table_and_what_is_against_somebody(there: Page) -> None:
    there.open(BIG, "big")
    printed = there.browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
    assert printed["data"].startswith("JVBERi0")  # %PDF-
    assert len(there.texts("#print tbody tr")) == len({finding.subject for finding in BIG.findings})
    assert there.texts("#print h2") == [f"{sum(finding.against for finding in BIG.findings)} against somebody"]


def test_a_record_of_frameworks_alone_opens_on_their_table(there: Page) -> None:
    alone = Record(EACH.header, tuple(finding for finding in EACH.findings if "->" not in finding.subject), 3)
    there.open(alone, "alone")
    assert there.texts("#views button") == ["Subjects \N{MULTIPLICATION SIGN} chapters", "Every check", "List"]
    assert there.texts("#grid .body [role='rowheader']") == ["tornado", "curio"]
