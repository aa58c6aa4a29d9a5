"""Files in age's format, against the implementation of one of its authors."""

from __future__ import annotations

import base64

import pyrage
import pytest
from Crypto.Protocol import KDF

from allora_cli.wallet import age
from tests.local.age_file import encrypted_quickly

PASSPHRASE = "plinth-Gecko 7 häfen"
CONTENT = b"the wallet's words\n"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little work for scrypt."""
    monkeypatch.setattr(age, "WORK", 10)


@pytest.mark.usefixtures("quick")
class TestFiles:
    def test_open_with_the_library(self) -> None:
        for content in (b"", CONTENT, bytes(65536)):
            assert (
                pyrage.passphrase.decrypt(age.encrypt(content, PASSPHRASE), PASSPHRASE) == content
            )

    def test_are_different_each_time(self) -> None:
        files = {age.encrypt(CONTENT, PASSPHRASE) for _ in range(3)}
        assert len(files) == 3
        assert not any(CONTENT in file for file in files)

    def test_open_with_the_passphrase_alone(self) -> None:
        file = age.encrypt(CONTENT, PASSPHRASE)
        assert age.decrypt(file, PASSPHRASE) == CONTENT
        with pytest.raises(age.AgeError):
            age.decrypt(file, PASSPHRASE.lower())

    def test_with_any_bit_changed_or_without_an_end_do_not_open(self) -> None:
        file = age.encrypt(CONTENT, PASSPHRASE)
        changed = [
            file[:at] + bytes([file[at] ^ 1]) + file[at + 1 :] for at in range(0, len(file), 5)
        ]
        cut = [file[:length] for length in range(0, len(file), 9)]
        for damaged in (*changed, *cut, file + b"\n"):
            with pytest.raises(age.AgeError):
                age.decrypt(damaged, PASSPHRASE)


def test_files_of_others_open_in_bytes_and_in_letters() -> None:
    quick = encrypted_quickly(CONTENT, PASSPHRASE)
    assert age.decrypt(quick, PASSPHRASE) == CONTENT
    identity = pyrage.x25519.Identity.generate()
    armored = pyrage.encrypt(b"", [identity.to_public()], armored=True)
    begin, *_, end = armored.splitlines()
    assert (
        age.decrypt(begin + b"\r\n" + base64.encodebytes(quick) + end + b"\n", PASSPHRASE)
        == CONTENT
    )
    with pytest.raises(age.AgeError):
        age.decrypt(begin + b"\n*\n" + end, PASSPHRASE)


def test_the_work_is_fixed() -> None:
    """A second or so, as in age itself: less would protect a wallet less."""
    assert age.encrypt(CONTENT, PASSPHRASE).splitlines()[1].endswith(b" 18")


@pytest.mark.parametrize("work", [b"23", b"63", b"0", b"018", b"-1"])
def test_work_that_no_computer_can_do_is_not_begun(work: bytes) -> None:
    file = encrypted_quickly(CONTENT, PASSPHRASE).replace(b" 10\n", b" " + work + b"\n", 1)
    with pytest.raises(age.AgeError):
        age.decrypt(file, PASSPHRASE)


def test_work_that_needs_too_much_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    file = encrypted_quickly(CONTENT, PASSPHRASE)

    def fail(*_: object) -> None:
        raise ValueError("Error 2 while running scrypt")

    monkeypatch.setattr(KDF, "scrypt", fail)
    with pytest.raises(age.AgeError):
        age.decrypt(file, PASSPHRASE)


def test_a_file_for_a_key_does_not_open() -> None:
    somebody = pyrage.x25519.Identity.generate().to_public()
    with pytest.raises(age.AgeError):
        age.decrypt(pyrage.encrypt(CONTENT, [somebody]), PASSPHRASE)
