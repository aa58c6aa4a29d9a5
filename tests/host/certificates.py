"""A certificate authority of the test's own, which the host and the base image trust."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.host import cache
from tests.host.command import run

# Python 3.13 insists on what the standard asks for: https://docs.python.org/3/library/ssl.html
_MAY_SIGN = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)
_YEARS = timedelta(days=3650)


@dataclass(frozen=True)
class Authority:
    """The authority, kept in the cache because what trusts it is kept there too."""

    directory: Path

    @property
    def pem(self) -> str:
        """Its certificate."""
        return (self.directory / "ca.pem").read_text()

    def install(self, root: Path) -> None:
        """Makes the system in a root directory (Debian or Ubuntu) trust it."""
        file = root / "usr/local/share/ca-certificates/allora-test.crt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self.pem)
        run("chroot", str(root), "update-ca-certificates")

    def server_context(self, names: Iterable[str], directory: Path) -> ssl.SSLContext:
        """What a server needs that answers under these names.

        Args:
            directory: where its key and certificate are written.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = self._certificate()
        certificate = (
            _certificate("stand-in for the internet", key.public_key(), issuer)
            .add_extension(
                x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
                    issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
                ),
                critical=False,
            )
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(self._key(), hashes.SHA256())
        )
        file = directory / "server.pem"
        file.write_bytes(_pem(key) + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _certificate(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate((self.directory / "ca.pem").read_bytes())

    def _key(self) -> ec.EllipticCurvePrivateKey:
        data = (self.directory / "ca.key").read_bytes()
        key = serialization.load_pem_private_key(data, password=None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return key


def authority() -> Authority:
    """The authority, made at the first run."""
    return Authority(cache.kept("authority", 2, _make))


def _make(directory: Path) -> None:
    directory.mkdir(mode=0o700)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _certificate("allora test authority", key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_MAY_SIGN, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    (directory / "ca.key").write_bytes(_pem(key))
    (directory / "ca.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _certificate(
    name: str, key: ec.EllipticCurvePublicKey, issuer: x509.Certificate | None = None
) -> x509.CertificateBuilder:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _YEARS)
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
