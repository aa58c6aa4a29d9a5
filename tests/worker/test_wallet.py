from __future__ import annotations

import os
import traceback
from pathlib import Path

import pytest
from allora_worker.errors import CannotStartError
from allora_worker.wallet import load_wallet, lock_wallet

from tests.worker.running import ADDRESS, WORDS


def test_the_words_give_the_wallet(secrets: Path) -> None:
    (secrets / "mnemonic").write_text("  " + WORDS.replace(" ", "\n") + " \n")
    assert str(load_wallet(secrets).address()) == ADDRESS


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("abandon " * 12, "12 words"),
        ("abandon " * 10 + "about", "11 words"),
        ("zebra " * 11 + "xylophone", "12 words"),
        ("", "0 words"),
    ],
)
def test_words_that_are_no_mnemonic_are_told_without_the_words(
    secrets: Path, words: str, problem: str
) -> None:
    (secrets / "mnemonic").write_text(words)
    with pytest.raises(CannotStartError, match="checksum") as caught:
        load_wallet(secrets)
    assert problem in str(caught.value)
    shown = "".join(traceback.format_exception(caught.value))
    assert not {"abandon", "about", "zebra", "xylophone"} & set(shown.replace("'", " ").split())


def test_words_that_the_library_stumbles_over_are_not_shown(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(words: str, _: str) -> None:
        raise ValueError(words)

    monkeypatch.setattr("allora_worker.wallet.LocalWallet.from_mnemonic", fail)
    with pytest.raises(CannotStartError) as caught:
        load_wallet(secrets)
    assert "abandon" not in "".join(traceback.format_exception(caught.value))


def test_a_file_that_is_missing_or_no_text_is_told_with_the_remedy(secrets: Path) -> None:
    (secrets / "mnemonic").write_bytes(b"\xff\xfe")
    with pytest.raises(CannotStartError, match="it is not text"):
        load_wallet(secrets)
    (secrets / "mnemonic").unlink()
    with pytest.raises(CannotStartError, match="allora wallet import"):
        load_wallet(secrets)
    (secrets / "mnemonic").mkdir()
    with pytest.raises(CannotStartError, match="directory"):
        load_wallet(secrets)


def test_one_process_for_one_wallet(secrets: Path) -> None:
    lock = lock_wallet(secrets)
    with pytest.raises(CannotStartError, match="another process") as caught:
        lock_wallet(secrets)
    assert caught.value.exit_code == 75
    os.close(lock)
    os.close(lock_wallet(secrets))


def test_a_missing_directory_is_told(tmp_path: Path) -> None:
    with pytest.raises(CannotStartError, match="cannot be opened") as caught:
        lock_wallet(tmp_path / "nowhere")
    assert caught.value.exit_code == 78
