"""The table of pages: its columns, its rows, its one way to be written; the same in every database."""

from datetime import datetime, timezone
from typing import Any

from scenarios.fetch_and_save.visit import Page

COLUMNS = ("url", "final_url", "status", "body", "sha256", "framework", "fetched_at")
MARK = 0x696E7470  # "intp": what file(1) and we know our databases by

Row = tuple[Any, ...]


def row(page: Page, framework: str) -> Row:
    """The page as the table has it."""
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
    return page.url, page.final_url, page.status, page.body, page.sha256, framework, now


def upsert(values: str, *, key: str = "url") -> str:
    """The statement that puts `values` in place of an older row with the same key."""
    news = ", ".join(f"{column} = excluded.{column}" for column in COLUMNS[1:])
    return f"INSERT INTO pages ({', '.join(COLUMNS)}) {values} ON CONFLICT ({key}) DO UPDATE SET {news}"
