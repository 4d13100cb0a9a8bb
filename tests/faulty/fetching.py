"""What breaks the laws of chapter F: fetch and save across a border."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from typing import Any

from scenarios.fetch_and_save.errors import FetchAndSaveError, StoreError, Timeout
from scenarios.fetch_and_save.visit import Page
from tests.faulty.fault import Fault, Session, result


class GivesPagesWithoutTheirBody(Fault):
    """As a response that is read where its connection is not: headers came along, the body is still to be read there."""

    breaks = "F1"

    async def calls(self, session: Session, fn: Any) -> Any:
        value = await session.portal.call(fn)
        return replace(value, body=b"") if isinstance(value, Page) else value


class HasOneErrorForAllThatFails(Fault):
    """As a task queue that tells its callers TaskFailed."""

    breaks = "F2"

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except FetchAndSaveError as error:
            raise FetchAndSaveError(str(error)) from error


class DropsTheCause(Fault):
    """As pickle, which keeps an error's arguments and not its cause."""

    breaks = "F3"

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except Exception as error:
            error.__cause__ = None
            raise


class LeavesTheConnectionOfACancelledFetch(Fault):
    """As a client whose connection is given back to its pool by code that a cancel has skipped."""

    breaks = "F4"

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except asyncio.CancelledError:
            if fn.args and str(fn.args[0]).startswith("http"):
                self.left = (*getattr(self, "left", ()), socket.socket())
            raise


class TakesTheTimeoutOfAFetchForTheCallers(Fault):
    """As `except TimeoutError` around the call: the contract's Timeout is one."""

    breaks = "F5"

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except Timeout as error:
            raise asyncio.TimeoutError from error


class SavesLater(Fault):
    """As a write that is queued, and acknowledged before anybody has written it."""

    breaks = "F6"

    async def there(self, session: Session, fn: Any) -> Any:
        if getattr(fn.func, "__name__", "") == "save" and session.kept:
            return None
        session.kept = True
        return await result(fn)


class GivesPagesThatAreBoundToTheirLoop(Fault):
    """As a response object, or a row of an ORM: what was not read over there cannot be read here."""

    breaks = "F7"
    pages = 0

    async def calls(self, session: Session, fn: Any) -> Any:
        value = await session.portal.call(fn)
        self.pages += type(value) is Page
        # The first one is fetched before any law is checked.
        return Bound(**vars(value)) if type(value) is Page and self.pages > 1 else value

    def binds(self, fn: Any, args: Any, kwargs: Any) -> Any:
        args = [Page(**vars(value)) if type(value) is Bound else value for value in args]
        return super().binds(fn, args, kwargs)


class Bound(Page):
    @property
    def sha256(self) -> str:
        raise RuntimeError("this page is attached to a different loop")


class LosesWhatTheStoreSays(Fault):
    """As an error in a worker thread that nobody joins."""

    breaks = "F8"

    async def calls(self, session: Session, fn: Any) -> Any:
        try:
            return await session.portal.call(fn)
        except StoreError:
            return None
