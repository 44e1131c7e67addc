"""Self-signed certificates for a simulated Meta, made at run time."""

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

# All are self-signed. A client that trusts the certificate file accepts the first and refuses the others: their names
# or dates do not fit.
Tls = Literal["self-signed", "wrong host", "expired"]


def make_certificate(folder: Path, tls: Tls, host: str = "127.0.0.1") -> tuple[Path, Path]:
    """Write `certificate.pem` and `key.pem` into `folder`; return their paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Simulated Meta")])
    # Clients check certificates by the machine's time, not by the simulation's clock.
    now = datetime.now(UTC)
    ends = now - timedelta(days=1) if tls == "expired" else now + timedelta(days=1)
    names: list[x509.GeneralName] = [x509.IPAddress(IPv4Address(host)), x509.DNSName("localhost")]
    if tls == "wrong host":
        names = [x509.DNSName("elsewhere.invalid")]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return paths
