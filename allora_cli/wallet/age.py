"""Files in age's format that a passphrase opens: https://age-encryption.org/v1.

Libraries for Python choose scrypt's work by a short measurement, for what they write and for what
they accept: on a busy computer, a file is weak, or does not open. Here it is fixed.
"""

from __future__ import annotations

import base64
import hmac
import os
import re
from dataclasses import dataclass
from typing import Final

WORK: Final = 18
"""The logarithm of scrypt's cost, as of age itself: a second or so, and 256 MiB.
https://github.com/FiloSottile/age/blob/main/scrypt.go"""

_MOST_WORK: Final = 22
"""What age accepts: 4 GiB."""

_BLOCK: Final = 8
"""scrypt's block size: opening takes 128 × this × 2 to the power of its work, in bytes."""

_HEADER: Final = re.compile(
    rb"(?P<signed>age-encryption\.org/v1\n"
    rb"-> scrypt (?P<salt>[A-Za-z0-9+/]{22}) (?P<work>[1-9][0-9]?)\n"
    rb"(?P<key>[A-Za-z0-9+/]{43})\n"
    rb"---) (?P<mac>[A-Za-z0-9+/]{43})\n"
)
_ARMOR: Final = (b"-----BEGIN AGE ENCRYPTED FILE-----", b"-----END AGE ENCRYPTED FILE-----")
_NONCE_BYTES: Final = 16

_FIRST_AND_LAST: Final = bytes(11) + b"\x01"
"""The nonce of a payload's only part. A part has 64 KiB."""


class AgeError(Exception):
    """The file is none of these, the passphrase is wrong, or the file is damaged."""


@dataclass(frozen=True)
class _Key:
    """The key of one file."""

    secret: bytes

    def mac(self, header: bytes) -> bytes:
        """Return what shows that the header is unchanged."""
        return hmac.digest(self._derived(b"", b"header"), header, "sha256")

    def payload(self, nonce: bytes) -> bytes:
        """Return the key of the content."""
        return self._derived(nonce, b"payload")

    def _derived(self, salt: bytes, purpose: bytes) -> bytes:
        """Derive 32 bytes by https://www.rfc-editor.org/rfc/rfc5869."""
        pseudorandom = hmac.digest(salt or bytes(32), self.secret, "sha256")
        return hmac.digest(pseudorandom, purpose + b"\x01", "sha256")


def encrypt(content: bytes, passphrase: str) -> bytes:
    """Return a file with at most 64 KiB."""
    key, salt, nonce = _Key(os.urandom(16)), os.urandom(16), os.urandom(_NONCE_BYTES)
    wrapped = _seal(_wrapping_key(passphrase, salt, WORK), bytes(12), key.secret)
    signed = (
        f"age-encryption.org/v1\n-> scrypt {_text(salt)} {WORK}\n{_text(wrapped)}\n---"
    ).encode()
    payload = _seal(key.payload(nonce), _FIRST_AND_LAST, content)
    return signed + f" {_text(key.mac(signed))}\n".encode() + nonce + payload


def decrypt(file: bytes, passphrase: str) -> bytes:
    """Return a file's content.

    Raises:
        AgeError: it does not open.
    """
    file = _without_armor(file)
    header = _HEADER.match(file)
    if not header or int(header["work"]) > _MOST_WORK:
        raise AgeError
    wrapping_key = _wrapping_key(passphrase, _bytes(header["salt"]), int(header["work"]))
    key = _Key(_open(wrapping_key, bytes(12), _bytes(header["key"])))
    if not hmac.compare_digest(key.mac(header["signed"]), _bytes(header["mac"])):
        raise AgeError
    start = header.end() + _NONCE_BYTES
    return _open(key.payload(file[header.end() : start]), _FIRST_AND_LAST, file[start:])


def _wrapping_key(passphrase: str, salt: bytes, work: int) -> bytes:
    # The standard library's scrypt has a limit of 2 GiB.
    from Crypto.Protocol.KDF import scrypt  # noqa: PLC0415 - few commands need it

    whole_salt = b"age-encryption.org/v1/scrypt" + salt
    try:
        # As bytes, which its types do not know: it would encode texts as Latin-1.
        key = scrypt(passphrase.encode(), whole_salt, 32, 2**work, _BLOCK, 1)  # type: ignore[arg-type]
    except (MemoryError, ValueError) as error:  # both for want of memory
        raise AgeError from error
    assert isinstance(key, bytes)  # noqa: S101 - one key, not several
    return key


def _seal(key: bytes, nonce: bytes, content: bytes) -> bytes:
    from Crypto.Cipher import ChaCha20_Poly1305  # noqa: PLC0415 - few commands need it

    sealed, tag = ChaCha20_Poly1305.new(key=key, nonce=nonce).encrypt_and_digest(content)
    return sealed + tag


def _open(key: bytes, nonce: bytes, sealed: bytes) -> bytes:
    from Crypto.Cipher import ChaCha20_Poly1305  # noqa: PLC0415

    cipher = ChaCha20_Poly1305.new(key=key, nonce=nonce)
    try:
        return cipher.decrypt_and_verify(sealed[:-16], sealed[-16:])
    except ValueError as error:
        raise AgeError from error


def _without_armor(file: bytes) -> bytes:
    begin, end = _ARMOR
    text = file.strip()
    if not text.startswith(begin):
        return file
    try:
        return base64.b64decode(text.removeprefix(begin).removesuffix(end))
    except ValueError as error:
        raise AgeError from error


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode().rstrip("=")


def _bytes(text: bytes) -> bytes:
    return base64.b64decode(text + b"=" * (-len(text) % 4))
