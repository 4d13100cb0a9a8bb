"""Certificates for the origin, made anew in each process by trustme.

trustme makes good, expired and foreign ones; the self-signed one is put together with cryptography, which trustme brings.
"""

from __future__ import annotations

import ssl
from datetime import datetime, timedelta, timezone
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtensionOID, NameOID

DAY = timedelta(days=1)
LOCALHOST = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
# By listener: alternative names that no library writes, or that do not mean what they seem to; None is a certificate without any.
NAMES: dict[str, x509.ExtensionType | None] = {
    "commonname": None,
    "starname": x509.SubjectAlternativeName([x509.DNSName("*")]),
    "addressname": x509.SubjectAlternativeName([x509.DNSName("127.0.0.1")]),
    "badname": x509.UnrecognizedExtension(ExtensionOID.SUBJECT_ALTERNATIVE_NAME, b"\x30\x0b\x82\x09localhos\xf4"),
}


def make_contexts(folder: Path) -> tuple[Path, dict[str, ssl.SSLContext]]:
    """Write the CA's certificate into `folder`, and make a server's TLS context a certificate."""
    now = datetime.now(timezone.utc).replace(tzinfo=None)
    ours = trustme.CA()
    ca_file = folder / "ca.pem"
    ours.cert_pem.write_to_path(str(ca_file))
    leaves = {
        "good": ours.issue_cert("localhost", "127.0.0.1", "::1"),
        "mutual": ours.issue_cert("localhost"),
        "expired": ours.issue_cert("localhost", not_before=now - 30 * DAY, not_after=now - DAY),
        "future": ours.issue_cert("localhost", not_before=now + DAY, not_after=now + 30 * DAY),
        "wronghost": ours.issue_cert("elsewhere.example"),
        "untrusted": trustme.CA(organization_name="Nobody in particular").issue_cert("localhost"),
    }
    contexts = {name: ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for name in (*leaves, "selfsigned")}
    for name, leaf in leaves.items():
        leaf.configure_cert(contexts[name])
    contexts["selfsigned"].load_cert_chain(_self_signed(folder))
    for name, names in NAMES.items():
        contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        contexts[name].load_cert_chain(certified(ours, names, folder / f"{name}.pem"))
    # In TLS 1.3 the client has finished its handshake before it hears that a certificate is missing.
    contexts["mutual"].maximum_version = ssl.TLSVersion.TLSv1_2
    contexts["mutual"].verify_mode = ssl.CERT_REQUIRED
    ours.configure_trust(contexts["mutual"])
    return ca_file, contexts


def certified(ca: trustme.CA, names: x509.ExtensionType | None, path: Path) -> Path:
    """Write a key and a certificate of the CA's for the common name localhost, with just these alternative names."""
    issuer = x509.load_pem_x509_certificate(ca.cert_pem.bytes())
    signing = serialization.load_pem_private_key(ca.private_key_pem.bytes(), None)
    assert isinstance(signing, ec.EllipticCurvePrivateKey), "trustme's key for a CA"
    key = ec.generate_private_key(ec.SECP256R1())
    made = _built(issuer.subject, key.public_key(), names)
    made = made.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
    return _written(path, key, made.sign(signing, hashes.SHA256()))


def _self_signed(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    made = _built(LOCALHOST, key.public_key(), x509.SubjectAlternativeName([x509.DNSName("localhost")]))
    return _written(folder / "selfsigned.pem", key, made.sign(key, hashes.SHA256()))


def _built(issuer: x509.Name, key: ec.EllipticCurvePublicKey, names: x509.ExtensionType | None) -> x509.CertificateBuilder:
    now = datetime.now(timezone.utc)
    serial = x509.random_serial_number()
    made = x509.CertificateBuilder(issuer, LOCALHOST, key, serial, now - DAY, now + 30 * DAY)
    return made if names is None else made.add_extension(names, critical=False)


def _written(path: Path, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> Path:
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.touch(mode=0o600)
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path
