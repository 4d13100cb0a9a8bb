"""How every framework checks certificates: the system's authorities, the host's name, no exceptions."""

import functools
import ssl


@functools.cache
def client_context() -> ssl.SSLContext:
    """The context for https, built once a process because loading the authorities takes a quarter of a second.

    Build it before a deadline runs, and only for https. OpenSSL's own SSL_CERT_FILE and SSL_CERT_DIR are honored.
    """
    return ssl.create_default_context()
