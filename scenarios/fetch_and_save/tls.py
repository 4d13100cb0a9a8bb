"""How every framework checks certificates: the system's authorities, the host's alternative name, no exceptions."""

import functools
import ssl
from typing import TypeVar

Context = TypeVar("Context", bound=ssl.SSLContext)


@functools.cache
def client_context() -> ssl.SSLContext:
    """The context for https, built once a process because loading the authorities takes a quarter of a second.

    Build it before a deadline runs, and only for https. OpenSSL's own SSL_CERT_FILE and SSL_CERT_DIR are honored.
    """
    return strict(ssl.create_default_context())


def strict(context: Context) -> Context:
    """The context, which now reads no common name: Python's falls back to it where there is no alternative name.

    Source: RFC 9525, section 2: the common name is a text for people.
    """
    context.hostname_checks_common_name = False
    return context
