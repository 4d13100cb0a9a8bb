"""The contract of fetch-and-save: what every framework's file keeps to, and all that those files may import of ours.

    fetch(url, *, timeout, max_body, max_redirects) -> Page        native: awaited, yielded, blocking, as the framework has it
    save(page, store, *, timeout)                                  durable on return
    fetch_and_save(url, store, *, timeout, max_body, max_redirects) -> Page
    run(job)                                                       start the framework and do a whole job in it

One deadline covers all of it. The policy is here and sans-I/O (Visit); the framework's client moves the bytes; what it lacks,
its file adds. docs/fetch-contract.md has every rule.
"""

from scenarios.fetch_and_save.deadline import TIMEOUT, Deadline
from scenarios.fetch_and_save.errors import (
    KINDS,
    BadResponse,
    ConnectError,
    DecodeError,
    FetchAndSaveError,
    InvalidURL,
    RedirectError,
    ResolveError,
    StatusError,
    StoreError,
    Timeout,
    TLSError,
    TooLarge,
)
from scenarios.fetch_and_save.job import Errand, Job
from scenarios.fetch_and_save.store import Store
from scenarios.fetch_and_save.tls import client_context, strict
from scenarios.fetch_and_save.visit import MAX_BODY, MAX_REDIRECTS, Page, Visit

__all__ = [
    "KINDS",
    "MAX_BODY",
    "MAX_REDIRECTS",
    "TIMEOUT",
    "BadResponse",
    "ConnectError",
    "Deadline",
    "DecodeError",
    "Errand",
    "FetchAndSaveError",
    "InvalidURL",
    "Job",
    "Page",
    "RedirectError",
    "ResolveError",
    "StatusError",
    "Store",
    "StoreError",
    "TLSError",
    "Timeout",
    "TooLarge",
    "Visit",
    "client_context",
    "strict",
]
