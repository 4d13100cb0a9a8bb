"""Whether a certificate is for a host: the one rule for all, written out for the client whose TLS has no rule of OpenSSL's.

Ten of the clients leave it to OpenSSL, through Python's ssl. Twisted's check is another one, of service_identity, and what it
cannot read it has let pass (26.10), so Twisted's client uses this. tests/scenarios/test_certified.py holds the two together.
Source: RFC 9525, sections 2, 6.3 and 6.5; OpenSSL, X509_check_host(3) with X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS.
"""

import ipaddress
import re
from collections.abc import Iterable

# A wildcard is the whole first label, above two labels or more; the last label is none of IDNA's, as OpenSSL has it.
_WILDCARD = re.compile(r"\*((?:\.(?!-)[a-z0-9-]+(?<!-))+\.(?!-|xn--)[a-z0-9-]+(?<!-))")
_LABEL = re.compile(r"[a-z0-9-]+")


def covers(names: Iterable[str], addresses: Iterable[object], host: str) -> bool:
    """Whether one of a certificate's alternative names is the host's.

    Args:
        names: its dNSNames.
        addresses: its iPAddresses, as `ipaddress` has them.
        host: a name in ASCII and lower case without a last dot, or an address.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return any(_is_name(name.lower(), host) for name in names)
    return address in addresses


def _is_name(name: str, host: str) -> bool:
    if name == host:
        return True
    wildcard, (label, dot, parent) = _WILDCARD.fullmatch(name), host.partition(".")
    return wildcard is not None and dot + parent == wildcard[1] and _LABEL.fullmatch(label) is not None
