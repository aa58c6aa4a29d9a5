"""Wallets, coins and backups against the embedded AWS: `allora wallet`, `backup`, `restore`."""

from __future__ import annotations

import json
import re
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyrage
import pytest

from allora_cli.context import open_context
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.wallet import age
from allora_cli.wallet.mnemonic import address_of, make_words
from allora_cli.wallet.store import store_wallet
from devtools.embedded_aws.emulator import Emulator
from shared.wallet_library import wallet_library
from tests.local.age_file import encrypted_quickly
from tests.local.deployment import ROOT, Deployment
from tests.local.fake_chain import Chain, fake_chain
from tests.local.terminal import CTRL_C, CTRL_D, terminal

PARAMETER = "/allora/worker/mnemonic"
WORDS = "special sign fit simple patrol salute grocery chicken wheat radar tonight ceiling"
ADDRESS = "allo1jhg0e7s6gn44tfc5k37kr04sznyhedtctsc88d"
OTHERS = "abandon " * 11 + "about"
OTHER_ADDRESS = "allo19rl4cm2hmr8afy4kldpxz3fka4jguq0ajnh7gv"
PASSPHRASE = "plinth-Gecko 7 häfen"

WORKERS_PYTHON = ROOT / ".tools" / "images" / "bin" / "python"
WORKERS_ADDRESSES = """
import sys
from cosmpy.aerial.wallet import LocalWallet
for words in sys.stdin:
    print(LocalWallet.from_mnemonic(words.strip(), "allo").address())
"""


@pytest.fixture
def deployment(emulator: Emulator, tmp_path: Path) -> Deployment:
    return Deployment(emulator, tmp_path)


@pytest.fixture
def ssm(deployment: Deployment) -> Any:
    return deployment.client("ssm")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "backups"
    path.mkdir()
    return path


def put(ssm: Any, words: str) -> None:
    ssm.put_parameter(Name=PARAMETER, Value=words, Type="SecureString", Overwrite=True)


def stored(ssm: Any) -> str | None:
    """The words that the host would get."""
    found = ssm.get_parameters(Names=[PARAMETER], WithDecryption=True)["Parameters"]
    return found[0]["Value"] if found else None


def versions(ssm: Any) -> list[str]:
    """All words that were ever stored, the first ones first."""
    history = ssm.get_parameter_history(Name=PARAMETER, WithDecryption=True)["Parameters"]
    return [version["Value"] for version in sorted(history, key=lambda each: each["Version"])]


def leaks(output: str, *secrets: str) -> bool:
    """Whether there is a secret in the output, or three words of one that follow each other."""
    flat = " ".join(output.lower().split())
    whole = [" ".join(secret.lower().split()) for secret in secrets]
    parts = [
        " ".join(words[start : start + 3])
        for words in (secret.split() for secret in whole)
        for start in range(len(words) - 2)
    ]
    return any(text in flat for text in whole + parts)


def test_addresses_are_those_that_the_worker_derives() -> None:
    """By cosmpy, in the environment of the worker's image, for new wallets of every length."""
    assert WORKERS_PYTHON.exists(), "the images' packages are missing: run the tests with make test"
    generator = wallet_library().Bip39MnemonicGenerator()
    counts = (12, 15, 18, 21, 24)
    wallets = [str(generator.FromWordsNumber(count)) for count in counts for _ in range(8)]
    theirs = subprocess.run(
        [WORKERS_PYTHON, "-c", WORKERS_ADDRESSES],
        input="\n".join([WORDS, *wallets]),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert theirs == [ADDRESS, *(address_of(words) for words in wallets)]


class TestCreate:
    def test_wallet_is_stored_encrypted_and_only_its_address_is_told(
        self, deployment: Deployment, ssm: Any
    ) -> None:
        created = deployment.allora("wallet", "create")
        assert created.returncode == 0, created.output
        found = ssm.get_parameter(Name=PARAMETER, WithDecryption=True)["Parameter"]
        words = found["Value"]
        assert found["Type"] == "SecureString"
        assert len(words.split()) == 24
        assert f"Address: {address_of(words)}\n" in created.output
        assert "free of charge: https://faucet.testnet.allora.network/\n" in created.output
        assert "100 transactions: 0.00000000075 ALLO\n" in created.output
        assert re.search(r"allora backup.*\nThen: allora deploy", created.output)
        assert not leaks(created.output, words)

    def test_mainnet_has_no_faucet(self, deployment: Deployment) -> None:
        deployment.write_env(ALLORA_NETWORK="mainnet", ALLORA_WORKER_TOPIC_ID="1")
        created = deployment.allora("wallet", "create", "--json")
        assert created.returncode == 0, created.output
        assert json.loads(created.output)["network"] == "mainnet"
        assert json.loads(created.output)["funding"] == {"allo": "0.01875", "faucet": None}
        address = json.loads(created.output)["address"]
        replaced = deployment.allora("wallet", "create", "--replace", "--address", address)
        assert "send ALLO" in replaced.output
        assert "faucet" not in replaced.output

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            ((), "--replace"),
            (("--address", ADDRESS), "--replace"),
            (("--replace",), "--address"),  # there is no terminal
            (("--replace", "--address", OTHER_ADDRESS), "Nothing was changed"),
            (("--replace", "--address", ADDRESS[:-1]), "Nothing was changed"),
            (("--replace", "--address", ""), "Nothing was changed"),
        ],
    )
    def test_wallet_that_is_there_stays(
        self, deployment: Deployment, ssm: Any, arguments: tuple[str, ...], told: str
    ) -> None:
        put(ssm, WORDS)
        refused = deployment.allora("wallet", "create", *arguments)
        assert refused.returncode == 1
        assert told in refused.output
        assert "Traceback" not in refused.output
        assert versions(ssm) == [WORDS]

    def test_replaced_wallet_is_kept_as_an_older_version(
        self, deployment: Deployment, ssm: Any
    ) -> None:
        put(ssm, OTHERS)
        put(ssm, WORDS)
        with terminal(deployment, "wallet", "create", "--replace") as user:
            user.expect("backup of it")
            user.expect("type the address")
            user.enter(ADDRESS)
            assert user.end() == 0, user.text
        new = stored(ssm)
        assert new is not None
        assert versions(ssm) == [OTHERS, WORDS, new]
        assert ADDRESS in user.text
        assert address_of(new) in user.text
        assert "as version 2 of the parameter" in user.text
        assert "allora restart" in user.text
        assert not leaks(user.text, WORDS, OTHERS, new)

    def test_wrong_address_at_the_terminal(self, deployment: Deployment, ssm: Any) -> None:
        put(ssm, WORDS)
        with terminal(deployment, "wallet", "create", "--replace") as user:
            user.expect("type the address")
            user.enter("yes")
            assert user.end() == 1
        assert "Nothing was changed" in user.text
        assert versions(ssm) == [WORDS]

    @pytest.mark.parametrize("key", [CTRL_C, CTRL_D], ids=["ctrl-c", "ctrl-d"])
    def test_ctrl_c_instead_of_the_address(
        self, deployment: Deployment, ssm: Any, key: str
    ) -> None:
        put(ssm, WORDS)
        with terminal(deployment, "wallet", "create", "--replace") as user:
            user.expect("type the address")
            user.type(key)
            assert user.end() == 130, user.text
        assert "Traceback" not in user.text
        assert versions(ssm) == [WORDS]

    def test_what_somebody_stores_meanwhile_stays(self, deployment: Deployment, ssm: Any) -> None:
        put(ssm, WORDS)
        with terminal(deployment, "wallet", "create", "--replace") as user:
            user.expect("type the address")
            put(ssm, OTHERS)
            user.enter(ADDRESS)
            assert user.end() == 1
        assert "meanwhile" in user.text
        assert versions(ssm) == [WORDS, OTHERS]

    def test_of_two_first_wallets_at_once_one_is_refused(
        self, deployment: Deployment, ssm: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name, value in deployment.environment.items():
            monkeypatch.setenv(name, value)
        context = open_context()
        # Between the look and the storing, the other one is faster.
        context.session.events.register(
            "before-call.ssm.PutParameter", lambda **_: put(ssm, OTHERS)
        )
        with pytest.raises(OperatorError) as refused:
            store_wallet(context, WORDS, replace=True, address=None)
        assert refused.value.code is ErrorCode.SECRET_EXISTS
        assert not leaks(str(refused.value), WORDS)
        assert versions(ssm) == [OTHERS]


class TestImport:
    def test_words_are_typed_without_being_shown(self, deployment: Deployment, ssm: Any) -> None:
        with terminal(deployment, "wallet", "import") as user:
            user.expect("not shown")
            user.enter_hidden(f"  {WORDS.upper()} ")
            assert user.end() == 0, user.text
        assert stored(ssm) == WORDS
        assert ADDRESS in user.text
        assert not leaks(user.text, WORDS)

    def test_words_that_are_pasted_in_lines_do_not_appear(
        self, deployment: Deployment, ssm: Any
    ) -> None:
        with terminal(deployment, "wallet", "import") as user:
            user.expect("not shown")
            user.enter_hidden(WORDS.replace(" ", "\n"))
            assert user.end() == 1, user.text
        assert "in one line" in user.text
        assert not any(word in user.text for word in ("patrol", "salute", "chicken", "ceiling"))
        assert stored(ssm) is None

    @pytest.mark.parametrize("key", [CTRL_C, CTRL_D], ids=["ctrl-c", "ctrl-d"])
    def test_ctrl_c_instead_of_the_words(self, deployment: Deployment, ssm: Any, key: str) -> None:
        with terminal(deployment, "wallet", "import") as user:
            user.expect("not shown")
            user.type(key)
            assert user.end() == 130, user.text
        assert "Traceback" not in user.text
        assert stored(ssm) is None

    def test_words_from_a_pipe_are_stored_as_the_worker_reads_them(
        self, deployment: Deployment, ssm: Any
    ) -> None:
        imported = deployment.allora("wallet", "import", stdin=WORDS.replace(" ", "\n ") + "\n")
        assert imported.returncode == 0, imported.output
        assert stored(ssm) == WORDS
        assert f"Address: {ADDRESS}\n" in imported.output
        assert not leaks(imported.output, WORDS)

    def test_same_words_again_change_nothing(self, deployment: Deployment, ssm: Any) -> None:
        put(ssm, WORDS)
        again = deployment.allora("wallet", "import", stdin=WORDS)
        assert again.returncode == 0
        assert "was already stored" in again.output
        assert ADDRESS in again.output
        assert versions(ssm) == [WORDS]
        for_scripts = deployment.allora("wallet", "import", "--json", stdin=WORDS)
        assert json.loads(for_scripts.output) == {
            "address": ADDRESS,
            "parameter": PARAMETER,
            "version": 1,
            "network": "testnet",
            "stored": False,
            "replaced": None,
            "funding": {
                "allo": "0.00000000075",
                "faucet": "https://faucet.testnet.allora.network/",
            },
        }

    def test_other_words_need_the_address(self, deployment: Deployment, ssm: Any) -> None:
        put(ssm, WORDS)
        refused = deployment.allora("wallet", "import", stdin=OTHERS)
        assert refused.returncode == 1
        assert ADDRESS in refused.output
        assert versions(ssm) == [WORDS]
        arguments = ("--replace", "--address", ADDRESS, "--json")
        replaced = deployment.allora("wallet", "import", *arguments, stdin=OTHERS)
        assert replaced.returncode == 0, replaced.output
        assert json.loads(replaced.output)["replaced"] == {"address": ADDRESS, "version": 1}
        assert not leaks(refused.output + replaced.output, WORDS, OTHERS)
        assert versions(ssm) == [WORDS, OTHERS]

    @pytest.mark.parametrize(
        "words", [WORDS.replace("fit", "fox"), WORDS.replace("fit", "fitt"), "patrol salute", ""]
    )
    def test_words_that_are_no_wallet(self, deployment: Deployment, ssm: Any, words: str) -> None:
        refused = deployment.allora("wallet", "import", "--json", stdin=words)
        assert refused.returncode == 1
        assert "Nothing was stored" in refused.output
        assert '"trouble": "wallet-words"' in refused.output
        assert "Traceback" not in refused.output
        assert not any(word in refused.output for word in ("patrol", "salute", "fox", "fitt"))
        assert stored(ssm) is None

    def test_what_is_no_text(self, deployment: Deployment, ssm: Any) -> None:
        command = """printf 'patrol\\377\\376' | "$0" -m allora_cli wallet import"""
        refused = deployment.run("sh", "-c", command, sys.executable)
        assert refused.returncode == 1
        assert "is not text" in refused.output
        assert "Traceback" not in refused.output
        assert "patrol" not in refused.output
        assert stored(ssm) is None

    def test_words_that_somebody_has_stored_wrongly(self, deployment: Deployment, ssm: Any) -> None:
        put(ssm, "abandon " * 12)
        told = deployment.allora("wallet", "address")
        assert told.returncode == 1
        assert "contains no wallet" in told.output
        assert "allora wallet import --replace" in told.output
        assert deployment.allora("wallet", "import", stdin=WORDS).returncode == 1
        mended = deployment.allora("wallet", "import", "--replace", stdin=WORDS)
        assert mended.returncode == 0, mended.output
        assert stored(ssm) == WORDS
        assert not leaks(told.output + mended.output, "abandon abandon", WORDS)


class TestAddress:
    def address(self, deployment: Deployment, *arguments: str) -> Any:
        return deployment.allora_apart("wallet", "address", *arguments)

    def test_is_alone_on_standard_output(self, deployment: Deployment, ssm: Any) -> None:
        put(ssm, WORDS)
        asked = self.address(deployment)
        assert asked.returncode == 0
        assert asked.stdout == f"{ADDRESS}\n"
        assert PARAMETER in asked.stderr
        assert not leaks(asked.stdout + asked.stderr, WORDS)
        assert json.loads(self.address(deployment, "--json").stdout)["address"] == ADDRESS

    def test_without_a_wallet_both_ways_to_one_are_told(self, deployment: Deployment) -> None:
        asked = self.address(deployment)
        assert asked.returncode == 1
        assert asked.stdout == ""
        assert "allora wallet create" in asked.stderr
        assert "allora wallet import" in asked.stderr
        assert json.loads(self.address(deployment, "--json").stdout)["error"]["trouble"] == (
            "no-wallet"
        )


class TestMoney:
    """On the fake chain, whose accounts begin with 1000 ALLO."""

    @pytest.fixture
    def chain(self, deployment: Deployment, ssm: Any) -> Iterator[Chain]:
        put(ssm, WORDS)
        with fake_chain("allora-testnet-1") as chain:
            deployment.write_env(ALLORA_API_URL=chain.rest)
            yield chain

    def test_it_is_sent_once_the_address_is_typed_twice_and_the_question_answered(
        self, deployment: Deployment, chain: Chain
    ) -> None:
        with terminal(deployment, "wallet", "send", "12.5") as user:
            user.expect("The recipient's address:")
            user.enter(OTHER_ADDRESS)
            user.expect("The recipient's address once more:")
            user.enter(OTHER_ADDRESS)
            user.expect("Send 12.5 ALLO? It cannot be undone. [y/N]:")
            user.enter("y")
            assert user.end() == 0, user.text
        for line in ("testnet (allora-testnet-1)", "Fee 0.000000000001125 ALLO", "Left 987.4999"):
            assert line in user.text
        assert f"✔ Sent 12.5 ALLO to {OTHER_ADDRESS}" in user.text
        assert "https://explorer.testnet.allora.network/allora-testnet-1/tx/" in user.text
        assert not leaks(user.text, WORDS)
        assert chain.balances == {
            ADDRESS: 10**21 - 12_500_000_000_000_000_000 - 1_125_000,
            OTHER_ADDRESS: 10**21 + 12_500_000_000_000_000_000,
        }
        shown = deployment.allora_apart("wallet", "balance")
        assert shown.stdout.startswith("987.499999999998875 ALLO on testnet\n")
        twice = ("--to", OTHER_ADDRESS, "--confirm", OTHER_ADDRESS)
        rest = deployment.allora_apart("wallet", "send", "--all", *twice, "--yes", "--json")
        receipt = json.loads(rest.stdout)
        assert (receipt["amount_allo"], receipt["balance_allo"]) == ("987.49999999999775", "0")
        assert "! The worker" in rest.stderr
        assert not leaks(rest.stdout + rest.stderr, WORDS)

    def test_every_other_answer_sends_nothing(self, deployment: Deployment, chain: Chain) -> None:
        with terminal(deployment, "wallet", "send", "1", "--to", OTHER_ADDRESS, "--yes") as user:
            user.expect("once more:")
            user.enter(ADDRESS)
            assert user.end() == 1, user.text
        assert "different addresses" in user.text
        with terminal(
            deployment, "wallet", "send", "1", "--to", OTHER_ADDRESS, "--confirm", OTHER_ADDRESS
        ) as user:
            user.expect("[y/N]:")
            user.enter("")
            assert user.end() == 1, user.text
        assert "Nothing was sent" in user.text
        assert chain.balances.get(OTHER_ADDRESS) is None

    @pytest.mark.parametrize(
        ("arguments", "code", "trouble"),
        [
            ((), 2, "usage"),
            (("1", "--all"), 2, "usage"),
            (("1,5", "--yes"), 1, "amount"),
            (("1", "--to", ADDRESS, "--confirm", ADDRESS, "--yes"), 1, "recipient"),
            (("1", "--to", OTHER_ADDRESS, "--yes"), 1, "not-a-terminal"),
            (("1", "--to", OTHER_ADDRESS, "--confirm", OTHER_ADDRESS), 1, "not-a-terminal"),
        ],
        ids=str,
    )
    def test_what_is_refused_before_the_chain_is_asked_to_pay(
        self, deployment: Deployment, ssm: Any, arguments: tuple[str, ...], code: int, trouble: str
    ) -> None:
        put(ssm, WORDS)
        refused = deployment.allora_apart("wallet", "send", *arguments, "--json")
        assert refused.returncode == code
        assert json.loads(refused.stdout)["error"]["trouble"] == trouble
        assert "Traceback" not in refused.stderr

    def test_ctrl_c_after_the_last_question_does_not_say_that_nothing_happened(
        self, deployment: Deployment, ssm: Any
    ) -> None:
        put(ssm, WORDS)
        twice = ("--to", OTHER_ADDRESS, "--confirm", OTHER_ADDRESS)
        with fake_chain("allora-testnet-1", block_seconds=3600) as chain:
            deployment.write_env(ALLORA_API_URL=chain.rest)
            with terminal(deployment, "wallet", "send", "1", *twice) as user:
                user.expect("[y/N]:")
                user.enter("y")
                while not chain.waiting:
                    time.sleep(0.05)
                assert user.interrupt() == 4, user.text
        assert "It is not known whether the coins were sent" in user.text
        assert "Run the same command again" not in user.text

    @pytest.mark.usefixtures("chain")
    def test_another_chain(self, deployment: Deployment) -> None:
        deployment.write_env(ALLORA_NETWORK="mainnet", ALLORA_WORKER_TOPIC_ID="1")
        for command in (
            ("balance",),
            ("send", "1", "--to", OTHER_ADDRESS, "--confirm", OTHER_ADDRESS, "--yes"),
        ):
            refused = deployment.allora("wallet", *command)
            assert refused.returncode == 1
            assert "belongs to the chain 'allora-testnet-1'" in refused.output


class TestBackup:
    def test_file_opens_with_the_passphrase_and_has_the_wallet(
        self, deployment: Deployment, ssm: Any, folder: Path
    ) -> None:
        put(ssm, WORDS)
        made = deployment.allora("backup", str(folder), stdin=f"{PASSPHRASE}\n")
        assert made.returncode == 0, made.output
        (file,) = folder.iterdir()  # and no draft is left
        name = rf"allora-worker-{ADDRESS[:9]}-{ADDRESS[-6:]}-20\d\d-\d\d-\d\d\.age"
        assert re.fullmatch(name, file.name)
        assert file.name in made.output
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        content = file.read_bytes()
        assert content.startswith(b"age-encryption.org/v1\n-> scrypt ")
        document = json.loads(age.decrypt(content, PASSPHRASE))
        assert document.pop("made_at").startswith("20")
        assert document == {
            "what": "Wallet of an Allora worker",
            "version": 1,
            "words": WORDS,
            "derivation_path": "m/44'/118'/0'/0/0",
            "address": ADDRESS,
            "network": "testnet",
            "worker_name": "worker",
        }
        assert not leaks(made.output, WORDS, PASSPHRASE)

        # The same day again.
        refused = deployment.allora("backup", str(file), stdin=PASSPHRASE)
        assert refused.returncode == 1
        assert "--replace" in refused.output
        assert file.read_bytes() == content
        arguments = ("backup", str(file), "--replace", "--json")
        again = deployment.allora(*arguments, stdin=PASSPHRASE)
        assert again.returncode == 0, again.output
        assert f'"file": "{file}"' in again.output
        assert list(folder.iterdir()) == [file]
        assert file.read_bytes() != content

    def test_goes_into_the_folder_where_one_is_and_not_into_git(
        self, deployment: Deployment, ssm: Any, folder: Path
    ) -> None:
        put(ssm, WORDS)
        made = deployment.allora_apart("backup", stdin=PASSPHRASE, cwd=folder)
        assert made.returncode == 0, made.stderr
        (file,) = folder.iterdir()
        assert file.suffix == ".age"
        assert "*.age" in (ROOT / ".gitignore").read_text().splitlines()

    @pytest.mark.parametrize(
        ("passphrase", "told"),
        [
            ("", "shorter than 12"),
            ("plinth-Geck", "shorter than 12"),
            ("ababababababab", "different characters"),
            ("plinth-Gecko\n7 hafen", "cannot be typed"),
        ],
    )
    def test_passphrase_that_is_too_weak(
        self, deployment: Deployment, ssm: Any, folder: Path, passphrase: str, told: str
    ) -> None:
        put(ssm, WORDS)
        refused = deployment.allora("backup", str(folder), stdin=passphrase)
        assert refused.returncode == 1
        assert told in refused.output
        assert "plinth" not in refused.output
        assert list(folder.iterdir()) == []

    @pytest.mark.parametrize("place", ["none/wallet.age", "env/wallet.age", "/proc/wallet.age"])
    def test_place_where_no_file_can_be(
        self, deployment: Deployment, ssm: Any, tmp_path: Path, place: str
    ) -> None:
        put(ssm, WORDS)
        refused = deployment.allora("backup", str(tmp_path / place), stdin=PASSPHRASE)
        assert refused.returncode == 1
        assert "cannot be written" in refused.output
        assert "Traceback" not in refused.output

    def test_without_a_wallet(self, deployment: Deployment, folder: Path) -> None:
        refused = deployment.allora("backup", str(folder), stdin=PASSPHRASE)
        assert refused.returncode == 1
        assert "There is no wallet" in refused.output
        assert list(folder.iterdir()) == []

    def test_passphrase_is_typed_twice_without_being_shown(
        self, deployment: Deployment, ssm: Any, folder: Path
    ) -> None:
        put(ssm, WORDS)
        file = folder / "wallet.age"
        with terminal(deployment, "backup", str(file)) as user:
            user.expect("12 characters or more")
            user.expect("Passphrase (not shown)")
            user.enter_hidden("plinth")
            user.expect("shorter than 12")
            user.expect("Passphrase (not shown)")
            user.enter_hidden(PASSPHRASE)
            user.expect("Repeat the passphrase (not shown)")
            user.enter_hidden(f"{PASSPHRASE}!")
            user.expect("The two differ")
            user.expect("Passphrase (not shown)")
            user.enter_hidden(PASSPHRASE)
            user.expect("Repeat the passphrase (not shown)")
            user.enter_hidden(PASSPHRASE)
            assert user.end() == 0, user.text
        assert WORDS.encode() in age.decrypt(file.read_bytes(), PASSPHRASE)
        assert not leaks(user.text, WORDS, PASSPHRASE, "plinth")

    @pytest.mark.parametrize("typed", [[], [PASSPHRASE]])
    def test_ctrl_c_in_the_passphrase(
        self, deployment: Deployment, ssm: Any, folder: Path, typed: list[str]
    ) -> None:
        put(ssm, WORDS)
        with terminal(deployment, "backup", str(folder)) as user:
            user.expect("(not shown)")
            for line in typed:
                user.enter_hidden(line)
                user.expect("(not shown)")
            user.type(CTRL_C)
            assert user.end() == 130, user.text
        assert "Traceback" not in user.text
        assert list(folder.iterdir()) == []


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """What is in a backup (docs/operations.md), written down by hand."""
    return {
        "what": "Wallet of an Allora worker",
        "version": 1,
        "words": WORDS,
        "derivation_path": "m/44'/118'/0'/0/0",
        "address": ADDRESS,
        "network": "testnet",
        "worker_name": "worker",
        "made_at": "2026-11-05T06:07:08+00:00",
    }


@pytest.fixture(scope="module")
def encrypted(document: dict[str, Any]) -> bytes:
    return encrypted_quickly(json.dumps(document).encode(), PASSPHRASE)


class TestRestore:
    def test_what_backup_wrote_is_stored_again(
        self, deployment: Deployment, ssm: Any, folder: Path
    ) -> None:
        words = make_words()
        put(ssm, words)
        file = folder / "wallet.age"
        assert deployment.allora("backup", str(file), stdin=PASSPHRASE).returncode == 0
        ssm.delete_parameter(Name=PARAMETER)
        restored = deployment.allora("restore", str(file), stdin=f"{PASSPHRASE}\n")
        assert restored.returncode == 0, restored.output
        assert stored(ssm) == words
        assert address_of(words) in restored.output
        assert not leaks(restored.output, words, PASSPHRASE)

    def test_what_is_stored_already_is_not_stored_again(
        self, deployment: Deployment, ssm: Any, folder: Path, encrypted: bytes
    ) -> None:
        file = folder / "wallet.age"
        file.write_bytes(encrypted)
        for told in ("is stored, encrypted", "was already stored"):
            restored = deployment.allora("restore", str(file), stdin=PASSPHRASE)
            assert restored.returncode == 0, restored.output
            assert told in restored.output
            assert versions(ssm) == [WORDS]

    def test_at_a_terminal_with_another_wallet_there(
        self, deployment: Deployment, ssm: Any, folder: Path, encrypted: bytes
    ) -> None:
        put(ssm, OTHERS)
        file = folder / "wallet.age"
        file.write_bytes(encrypted)
        with terminal(deployment, "restore", str(file), "--replace") as user:
            user.expect("(not shown)")
            user.enter_hidden(PASSPHRASE)
            user.expect(f"contains the wallet {ADDRESS}, of 2026-11-05")
            user.expect("type the address")
            user.enter(OTHER_ADDRESS)
            assert user.end() == 0, user.text
        assert versions(ssm) == [OTHERS, WORDS]
        assert not leaks(user.text, WORDS, OTHERS, PASSPHRASE)

    def test_another_wallet_stays(
        self, deployment: Deployment, ssm: Any, folder: Path, encrypted: bytes
    ) -> None:
        put(ssm, OTHERS)
        file = folder / "wallet.age"
        file.write_bytes(encrypted)
        for arguments in ((), ("--replace", "--address", ADDRESS)):
            refused = deployment.allora("restore", str(file), *arguments, stdin=PASSPHRASE)
            assert refused.returncode == 1
            assert OTHER_ADDRESS in refused.output
        assert versions(ssm) == [OTHERS]

    def test_ctrl_c_in_the_passphrase(
        self, deployment: Deployment, ssm: Any, folder: Path, encrypted: bytes
    ) -> None:
        file = folder / "wallet.age"
        file.write_bytes(encrypted)
        with terminal(deployment, "restore", str(file)) as user:
            user.expect("(not shown)")
            user.type(CTRL_C)
            assert user.end() == 130, user.text
        assert stored(ssm) is None

    def test_file_that_does_not_open(
        self, deployment: Deployment, ssm: Any, folder: Path, encrypted: bytes
    ) -> None:
        file = folder / "wallet.age"
        somebody = pyrage.x25519.Identity.generate().to_public()
        for content, passphrase in [
            (encrypted, "another passphrase"),
            (encrypted, PASSPHRASE.lower()),
            (encrypted[:-1], PASSPHRASE),
            (encrypted[:60], PASSPHRASE),
            (encrypted[:-1] + bytes([encrypted[-1] ^ 1]), PASSPHRASE),
            (pyrage.encrypt(b"{}", [somebody]), PASSPHRASE),
        ]:
            file.write_bytes(content)
            refused = deployment.allora("restore", str(file), "--json", stdin=passphrase)
            assert refused.returncode == 1
            assert '"trouble": "backup-passphrase"' in refused.output
            assert "Traceback" not in refused.output
            assert not leaks(refused.output, passphrase)
        assert stored(ssm) is None

    def test_file_that_is_no_backup(
        self, deployment: Deployment, ssm: Any, folder: Path, document: dict[str, Any]
    ) -> None:
        file = folder / "wallet.age"
        asked_for_nothing = deployment.allora("restore", str(file), stdin=PASSPHRASE)
        assert "cannot be read" in asked_for_nothing.output
        file.write_text(WORDS)
        assert "is not a backup" in deployment.allora("restore", str(file), stdin="x").output
        content = json.dumps(document | {"address": OTHER_ADDRESS}).encode()
        file.write_bytes(encrypted_quickly(content, PASSPHRASE))
        refused = deployment.allora("restore", str(file), stdin=PASSPHRASE)
        assert refused.returncode == 1
        assert "contains no backup" in refused.output
        assert "Traceback" not in refused.output
        assert not leaks(refused.output, WORDS)
        assert stored(ssm) is None
