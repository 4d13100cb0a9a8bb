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
from cryptography.x509.oid import NameOID

DAY = timedelta(days=1)


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
    # In TLS 1.3 the client has finished its handshake before it hears that a certificate is missing.
    contexts["mutual"].maximum_version = ssl.TLSVersion.TLSv1_2
    contexts["mutual"].verify_mode = ssl.CERT_REQUIRED
    ours.configure_trust(contexts["mutual"])
    return ca_file, contexts


def _self_signed(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - DAY, now + 30 * DAY)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "selfsigned.pem"
    path.touch(mode=0o600)
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path
