"""An age file with a passphrase that is quick to open: scrypt with little work.

`allora backup` makes scrypt work for a second or more, which is what protects a wallet. The format
is the same: https://age-encryption.org/v1
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_LOG_N = 10  # of scrypt's cost N
_LAST_CHUNK = bytes(11) + b"\x01"  # the nonce of the first chunk, where there is no other


def encrypted_quickly(content: bytes, passphrase: str) -> bytes:
    """Encrypt at most 64 KiB."""
    file_key, salt, nonce = os.urandom(16), os.urandom(16), os.urandom(16)
    wrapping_key = hashlib.scrypt(
        passphrase.encode(),
        salt=b"age-encryption.org/v1/scrypt" + salt,
        n=2**_LOG_N,
        r=8,
        p=1,
        dklen=32,
    )
    wrapped = ChaCha20Poly1305(wrapping_key).encrypt(bytes(12), file_key, None)
    header = (
        f"age-encryption.org/v1\n-> scrypt {_base64(salt)} {_LOG_N}\n{_base64(wrapped)}\n---"
    ).encode()
    mac = hmac.digest(_derived(file_key, b"", b"header"), header, "sha256")
    payload_key = _derived(file_key, nonce, b"payload")
    payload = ChaCha20Poly1305(payload_key).encrypt(_LAST_CHUNK, content, None)
    return header + f" {_base64(mac)}\n".encode() + nonce + payload


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode().rstrip("=")


def _derived(key: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(SHA256(), length=32, salt=salt, info=info).derive(key)
