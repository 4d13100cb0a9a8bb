"""Behavior: one thing that the origin does, and what the contract makes of it; the catalogue is a table of these."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from scenarios.origin.steps import Script

GROUPS = (
    "answers",
    "framing",
    "chunks",
    "heads",
    "cuts",
    "stalls",
    "codings",
    "bombs",
    "redirects",
    "statuses",
    "connections",
    "tls",
    "urls",
)


@dataclass(frozen=True)
class Behavior:
    """One row of the catalogue.

    Attributes:
        name: unique, kebab-case; the first segment of the path on the wire.
        group: one of GROUPS.
        says: one sentence: what the origin does.
        expects: "ok", or the contract's kind: "BadResponse", "TooLarge", ...
        body: the decoded body when "ok"; a big one is made when asked for (`Origin.body`).
        status: the status when "ok".
        limits: what to give fetch beside the URL: timeout, max_body, max_redirects.
        requests: how many requests the origin must see, no more and no fewer.
        final: path and query of the final URL when redirected, else empty.
        wire: request target of the first request where the behavior is about it, else empty.
        template: the URL before `Origin.url` fills in the ports.
        script: what is played to a request of this name.
        pages: scripts for particular targets, by what follows "/NAME" in them.
    """

    name: str
    group: str
    says: str
    expects: str = "ok"
    body: bytes | Callable[[], bytes] = b""
    status: int = 200
    limits: Mapping[str, Any] = field(default_factory=dict, hash=False)
    requests: int = 1
    final: str = ""
    wire: str = ""
    template: str = "{http}/{name}"
    script: Script = ()
    pages: Mapping[str, Script] = field(default_factory=dict, hash=False)


class Rows:
    """Writes rows of one group: what they share is said once."""

    def __init__(self, group: str, **shared: Any) -> None:
        self.group = group
        self.shared = shared

    def __call__(self, name: str, says: str, *script: Any, **more: Any) -> Behavior:
        """Make one row; `{name}` in final and wire is filled in here."""
        given = {**self.shared, **more}
        for key in ("final", "wire"):
            given[key] = given.get(key, "").replace("{name}", name)
        return Behavior(name, self.group, says, script=script, **given)
