"""Twisted's TLS for clients: what a certificate must have for a connection to be up."""

from typing import Any

from interop.probes.observe import child
from interop.probes.probe import probe

# A certificate signed by itself, and trusted, with the names that a case gives it; a handshake in memory, and what came of it.
PROGRAM = """
import datetime, ipaddress, json, warnings
warnings.simplefilter("ignore")
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtensionOID, NameOID
from OpenSSL import SSL, crypto
from twisted.internet import ssl
from twisted.internet.task import Clock
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import StringTransport
from twisted.protocols.tls import TLSMemoryBIOFactory

def handshake(common, names, host):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    day = datetime.timedelta(days=1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - day, now + day)
    certificate = (builder if names is None else builder.add_extension(names, critical=False)).sign(key, hashes.SHA256())
    own = ssl.Certificate(crypto.X509.from_cryptography(certificate))
    server = ssl.CertificateOptions(privateKey=crypto.PKey.from_cryptography_key(key), certificate=own.original)
    client = ssl.optionsForClientTLS(host, trustRoot=ssl.trustRootFromCertificates([own]))
    heard = []
    class Server(Protocol):
        def dataReceived(self, data):
            heard.append(data)
    class Client(Protocol):
        def connectionMade(self):
            self.transport.write(b"secret")
    ends, clock = [], Clock()
    for options, is_client, protocol in ((client, True, Client), (server, False, Server)):
        factory = TLSMemoryBIOFactory(options, is_client, Factory.forProtocol(protocol), clock)
        end = factory.buildProtocol(None)
        transport = StringTransport()
        transport.abortConnection = transport.loseConnection
        end.makeConnection(transport)
        ends.append((end, transport))
    for _ in range(20):
        clock.advance(1)
        for (end, transport), (other, _) in (ends, ends[::-1]):
            data = transport.value()
            transport.clear()
            if data:
                other.dataReceived(data)
    return "sent" if heard else "refused"

def dns(*names):
    return x509.SubjectAlternativeName([x509.DNSName(name) for name in names])

unreadable = x509.UnrecognizedExtension(ExtensionOID.SUBJECT_ALTERNATIVE_NAME, bytes([0x30, 4, 0x82, 2, 0x61, 0xF4]))
cases = {
    "its name": ("x", dns("a.test"), "a.test"),
    "another name": ("x", dns("b.test"), "a.test"),
    "no names": ("x", None, "a.test"),
    "the common name only": ("a.test", None, "a.test"),
    "names that cannot be read": ("a.test", unreadable, "a.test"),
    "*": ("x", dns("*"), "a.test"),
    "*.test": ("x", dns("*.test"), "a.test"),
    "*.a.test": ("x", dns("*.a.test"), "b.a.test"),
    "*.a.test for an A-label": ("x", dns("*.a.test"), "xn--bcher-kva.a.test"),
    "x*.a.test": ("x", dns("x*.a.test"), "xy.a.test"),
    "an address as a name": ("x", dns("127.0.0.1"), "127.0.0.1"),
    "an address": ("x", x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), "127.0.0.1"),
}
found = {}
for case, given in cases.items():
    try:
        found[case] = handshake(*given)
    except Exception as error:
        found[case] = type(error).__name__
print(json.dumps(found))
"""


@probe("P433", "twisted", "exceptions", "OpenSSL", "service_identity", source="service_identity: CertificateError; RFC 9525, 6.3")
def for_which_certificates_a_client_sends_its_secret() -> Any:
    return child(PROGRAM)["out"][-1]
