"""docs/fetch-contract.md and the code say the same."""

import contextlib
import importlib
import re
import sqlite3
from pathlib import Path

import pytest

from scenarios.fetch_and_save import command, contract, errors, table
from scenarios.fetch_and_save.store import Store
from scenarios.fetch_and_save.visit import REDIRECTS, Page, Visit

TEXT = (Path(__file__).parents[2] / "docs" / "fetch-contract.md").read_text(encoding="utf-8")
FAILURES = [errors.FetchAndSaveError, *errors.FetchAndSaveError.__subclasses__()]


def rows(heading: str) -> list[list[str]]:
    """The cells of the table whose first heading that is."""
    found = re.search(rf"^\| {heading} \|.*\n\|[- |]*\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
    assert found, f"no table has the heading {heading!r}"
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in found[1].splitlines()]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]*)`", cell)


@pytest.mark.parametrize("row", rows("limit"), ids=lambda row: str(row[0]))
def test_a_limit_is_what_the_page_says(row: list[str]) -> None:
    module, name = names(row[2])[0].split(".")
    value = getattr(importlib.import_module(f"scenarios.fetch_and_save.{module}"), name)
    assert float(row[1].split()[0]) == value


def test_every_limit_is_on_the_page() -> None:
    for module in ("deadline", "visit", "urls", "wire"):
        values = vars(importlib.import_module(f"scenarios.fetch_and_save.{module}"))
        ours = {name for name in values if re.fullmatch("MAX_.*|.*TIMEOUT", name)}
        assert ours <= {name.split(".")[1] for row in rows("limit") for name in names(row[2])}


def test_every_kind_is_on_the_page_with_what_it_is() -> None:
    said = {names(row[0])[0]: names(row[1]) for row in rows("kind")}
    classes: list[type[Exception]] = [*errors.KINDS, *errors.StoreError.__subclasses__()]
    assert said == {kind.__name__: [base.__name__ for base in kind.__bases__] for kind in classes}
    assert list(said)[: len(errors.KINDS)] == [kind.__name__ for kind in errors.KINDS]
    assert {name for name in said if not issubclass(getattr(errors, name), errors.StoreError)} <= set(contract.__all__)


def test_the_eleven_kinds_are_the_ones_that_the_command_says() -> None:
    assert len(errors.KINDS) == 11
    assert {kind.kind for kind in errors.StoreError.__subclasses__()} == {"StoreError"}


def test_the_request_s_fields_are_on_the_page_in_order() -> None:
    sent = Visit("http://user:pw@h/").headers
    assert [names(row[0])[0] for row in rows("field")] == [name for name, _ in sent]
    assert [row[1] for row in rows("field")][2:4] == [f"`{value}`" for _, value in sent][2:4]


def test_the_redirects_are_on_the_page() -> None:
    found = re.search(r"((?:\d{3}, )+\d{3} and \d{3}) are followed", TEXT)
    assert found
    assert {int(status) for status in re.findall(r"\d{3}", found[1])} == REDIRECTS


def test_the_columns_are_on_the_page_and_in_the_store(tmp_path: Path) -> None:
    said = [(names(row[0])[0], row[1]) for row in rows("column")]
    assert [name for name, _ in said] == list(table.COLUMNS)
    Store(tmp_path / "pages.db", "nothing").save(Page("http://a/", "http://b/", 200, (), b"x"))
    with contextlib.closing(sqlite3.connect(tmp_path / "pages.db")) as connection:
        assert [(name, kind) for _, name, kind, *_ in connection.execute("PRAGMA table_info(pages)")] == said
        assert connection.execute("PRAGMA application_id").fetchone() == (table.MARK,)
    assert f"`application_id` {table.MARK}" in TEXT


def test_postgresql_s_columns_are_on_the_page() -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    from scenarios.fetch_and_save import postgres_store

    for row in rows("column"):
        assert f"{names(row[0])[0]} {row[2]} NOT NULL" in postgres_store._CREATE


def test_the_exit_codes_are_on_the_page() -> None:
    said = {row[0].rpartition(" ")[2]: int(row[1]) for row in rows("kind on the command line") if "Interrupted" in row[0]}
    assert said == {number.name: code for number, code in command.EXIT_CODES.items()}
