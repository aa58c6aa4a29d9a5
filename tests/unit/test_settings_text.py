"""Any text in any setting: none becomes an expression, reaches a terminal raw, or is a secret."""

from __future__ import annotations

import os
import random
import string
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from settings import Settings, SettingsError, load_settings
from settings.loader import FILE_ONLY
from settings.text_rules import VERBATIM
from shared.visible_text import printable

REQUIRED = {"AWS_ACCOUNT_ID": "123456789012", "AWS_REGION": "us-east-1"}
EXAMPLES = {
    str(field.alias): str((field.examples or [""])[0]).strip("'")
    for field in Settings.model_fields.values()
    if field.alias
}
_FORGE = ("MODEL_FORGE", "MODEL_SHA256", "MODEL_REQUIREMENTS", "MODEL_PYTHON")
NEEDED = {
    "MODEL_REF": {"MODEL_REPO": "https://example.com/model"},
    **{name: {other: EXAMPLES[other] for other in _FORGE if other != name} for name in _FORGE},
    "AWS_SUBNET_ID": {"AWS_VPC_ID": EXAMPLES["AWS_VPC_ID"]},
    "AWS_VPC_ID": {"AWS_SUBNET_ID": EXAMPLES["AWS_SUBNET_ID"]},
    "ALLORA_NETWORK": {"ALLORA_WORKER_TOPIC_ID": "1"},
    **{
        f"EDGE_DATA_VOL_{name}": {"EDGE_DATA_VOL_TYPE": "gp3"}
        for name in ("SIZE", "IOPS", "THROUGHPUT")
    },
}
"""What else must be set for an example to be accepted."""

Load = Callable[[str, str], Settings]
all_variables = pytest.mark.parametrize("variable", EXAMPLES)


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load the settings with one of any value; it comes from the environment where that counts."""
    file = tmp_path / ".env"

    def make(variable: str, value: str) -> Settings:
        quoted = value.replace("\\", "\\\\").replace("'", "\\'")
        text = f"{variable}='{quoted}'\n" if variable in FILE_ONLY else ""
        file.write_text(text, encoding="utf-8", errors="surrogateescape")
        return load_settings(file, REQUIRED | NEEDED.get(variable, {}) | {variable: value})

    return make


def said(load: Load, variable: str, value: str) -> str | None:
    """The whole report; None where the value is accepted."""
    try:
        load(variable, value)
    except SettingsError as error:
        return str(error)
    return None


def with_inside(example: str, text: str) -> Iterator[str]:
    """The example with a text at each of its places, and the text alone."""
    yield text
    yield from (example[:at] + text + example[at:] for at in range(len(example) + 1))


@all_variables
def test_an_example_is_accepted(load: Load, variable: str) -> None:
    assert said(load, variable, EXAMPLES[variable]) is None


class TestExpressions:
    @all_variables
    def test_what_begins_one_is_refused_but_for_the_hosts_own_files(
        self, load: Load, variable: str
    ) -> None:
        for text in ("${path.cwd}", "%{if true}x%{endif}", "$${x}", "#{TfToken[TOKEN.1]}"):
            for value in with_inside(EXAMPLES[variable], text):
                report = said(load, variable, value)
                if variable not in VERBATIM:
                    assert report is not None, value
                    assert variable in report

    @pytest.mark.parametrize("text", ["$", "$$", "%", "{a}", "$(id)", "$ {a}", "}"])
    def test_other_dollar_signs_are_none(self, load: Load, text: str) -> None:
        assert load("AWS_PROFILE", f"a{text}b").aws_profile == f"a{text}b"

    def test_the_error_names_what_it_is(self, load: Load) -> None:
        report = said(load, "ALARM_EMAIL", "a${path.cwd}@example.com")
        assert report is not None
        assert "'a${path.cwd}@example.com' has ${, with which an expression" in report
        assert "-> write it without" in report


class TestWhatCannotBePrinted:
    @all_variables
    def test_no_report_has_it(self, load: Load, variable: str) -> None:
        for text in ("\x1b[2J", "\x9b31m", "\u202e", "\x7f", "\r", "\n", "\u2028", "\u00ad"):
            for value in with_inside(EXAMPLES[variable], text):
                report = said(load, variable, value)
                if variable not in VERBATIM:
                    assert report is not None, value
                if report is not None:
                    is_printable(report, lines=4)

    @all_variables
    def test_no_bytes_that_are_not_utf8(self, load: Load, variable: str) -> None:
        value = os.fsdecode(EXAMPLES[variable].encode() + b"\xff\xe9")
        try:
            load(variable, value)
        except SettingsError as error:
            report = str(error)
        is_printable(report, lines=4)
        assert "not UTF-8 text" in report

    @pytest.mark.parametrize("name", ["A\x1b[2J", "'A\x9b B'", "A\u202e"], ids=ascii)
    def test_nor_a_name(self, tmp_path: Path, name: str) -> None:
        file = tmp_path / ".env"
        file.write_text(f"{name}=1\n{name}=2\n", encoding="utf-8")
        with pytest.raises(SettingsError) as error:
            load_settings(file, REQUIRED)
        is_printable(str(error.value), lines=8)

    def test_nor_the_name_of_the_file(self, tmp_path: Path) -> None:
        named = {"ALLORA_ENV_FILE": os.fsdecode(bytes(tmp_path) + b"/\x1b[2J\xff")}
        with pytest.raises(SettingsError) as error:
            load_settings(environ=REQUIRED | named)
        is_printable(str(error.value), lines=4)

    def test_nor_a_warning(self, tmp_path: Path) -> None:
        file = tmp_path / "a\x1b[2J.env"
        file.write_text("ALLORA_WORKER_NAME=a\nALLORA_WALLET_\x1b[2J=1\n")
        settings = load_settings(file, REQUIRED | {"ALLORA_WORKER_NAME": "b\x1b[2J"})
        assert len(settings.warnings) == 2
        for warning in settings.warnings:
            is_printable(warning, lines=2)

    @pytest.mark.parametrize(
        ("name", "seen"),
        [
            ("AWS_REGION\u200b", r"AWS_REGION\u200b"),
            ("AWS\u00ad_REGION", r"AWS\xad_REGION"),
            ("AWS_REGION\ufe0f", r"AWS_REGION\ufe0f"),
            ("AWS_REGION\u3164", r"AWS_REGION\u3164"),
            ("\u0410WS_REGION", r"\u0410WS_REGION"),
        ],
    )
    def test_a_name_that_only_looks_right_shows_what_is_wrong(
        self, tmp_path: Path, name: str, seen: str
    ) -> None:
        file = tmp_path / ".env"
        file.write_text(f"{name}=us-east-1\n", encoding="utf-8")
        with pytest.raises(SettingsError) as error:
            load_settings(file, REQUIRED)
        assert f"{seen} (line 1): is not a setting; did you mean AWS_REGION" in str(error.value)

    @pytest.mark.parametrize("hidden", ["\u200b", "\u00a0", "\ufe0f", "\u3164", "\u2800"])
    def test_a_value_that_only_looks_right_as_well(self, load: Load, hidden: str) -> None:
        escape = hidden.encode("unicode_escape").decode()
        assert f"us-east-1{escape}" in (said(load, "AWS_REGION", f"us-east-1{hidden}") or "")

    def test_what_is_foreign_but_printed_stays_as_it_is(self) -> None:
        assert printable("grüße 日本 🚀") == "grüße 日本 🚀"
        assert printable("a\x1b\u202e\n\udcff") == r"a\x1b\u202e\n\udcff"


def is_printable(report: str, *, lines: int) -> None:
    """Nothing in it does anything to a terminal, and no value has made a line of its own."""
    assert all(line.isprintable() for line in report.split("\n")), ascii(report)
    assert report.count("\n") < lines, report


HEX_KEY = "0f" * 32
SECRETS = (
    "legal winner thank year wave sausage worth useful legal winner thank yellow",
    "1.legal 2.winner 3.thank 4.year 5.wave 6.sausage 7.worth 8.use 9.legal 10.year 11.sad 12.yes",
    "legal,winner,thank,year,wave,sausage,worth,useful,legal,winner,thank,yellow",
    "legal winner thank yeer wave sausage worth useful legal winner thank yellow",  # one mistake
    HEX_KEY,
    f"0x{HEX_KEY}",
    HEX_KEY.upper(),
    "-----BEGIN TENDERMINT PRIVATE KEY-----",
    "AKIAIOSFODNN7EXAMPLE",
    f"ghp_{'a1' * 18}",
    f"github_pat_{'a1' * 18}",
    f"CG-{'a1B' * 8}",
    f"UP-{'0f' * 12}",
    f"hf_{'aB' * 17}",
    f"sk-{'aB1_' * 10}",
    f"AIza{'aB1_x' * 7}",
    f"AGE-SECRET-KEY-1{'Q' * 58}",
    "https://me:c4n4ry@example.com/x",
    "postgres://me:c4n4ry@db/x",
    "https://example.com/x?api_key=c4n4ry",
)


class TestSecrets:
    @all_variables
    def test_none_is_accepted_or_repeated_wherever_it_stands(
        self, load: Load, variable: str
    ) -> None:
        example = EXAMPLES[variable]
        for secret in SECRETS:
            for value in (
                secret,
                f" {secret} ",
                f"{example},{secret}",
                f"{secret},{example}",
                f"{example} {secret}",
                f"python app.py --key={secret} -v",
                f"python app.py --key '{secret}'",
                f'A="{secret}"',
                f"A=1\nB='x {secret} y'\nC=2",
                f"A='\n{secret}\n'",
                f"{secret}=1",
            ):
                report = said(load, variable, value)
                assert report is not None, value
                assert secret not in report
                assert secret[-8:] not in report
                assert "->" in report

    @pytest.mark.parametrize(
        "command",
        [
            "env CG_API_KEY=c4n4ry python app.py",
            "DB_PASSWORD='c4n4ry' python app.py",
            "sh -c 'HF_TOKEN=c4n4ry python app.py'",
        ],
    )
    def test_a_command_sets_none(self, load: Load, command: str) -> None:
        report = said(load, "MODEL_COMMAND", command)
        assert report is not None
        assert "by name, a secret" in report
        assert "MODEL_SECRETS" in report
        assert "c4n4ry" not in report

    @pytest.mark.parametrize(
        "value",
        [
            "python -u /app/app.py --model sha256:" + HEX_KEY,
            "python app.py --pad-token x --max-tokens 100 --tokenizer bpe",
            "env CG_API_KEY_FILE=/run/secrets/CG_API_KEY python app.py",
            'sh -c "CG_API_KEY=$(cat /run/secrets/CG_API_KEY) exec python app.py"',
            "python app.py --task-name a-long-name-of-a-task-that-somebody-made-up",
            "sh -c 'echo the price that this model may give when the market is about to open'",
            "python app.py --url https://example.com/a@b",
            "python app.py --model sk-learn-gradient-boosting-of-last-months-prices-2",
        ],
    )
    def test_what_only_resembles_one_is_accepted(self, load: Load, value: str) -> None:
        assert load("MODEL_COMMAND", value).model_command == value

    def test_names_of_secrets_are_no_words_of_a_mnemonic(self, load: Load) -> None:
        names = ",".join(f"NAME_{number}" for number in range(12))
        assert len(load("MODEL_SECRETS", names).model_secrets) == 12

    def test_nor_in_the_place_of_a_name(self, tmp_path: Path) -> None:
        file = tmp_path / ".env"
        secret = f"ghp_{'a1' * 18}"
        file.write_text(f"{secret}=1\n{secret}=2\n")
        with pytest.raises(SettingsError) as error:
            load_settings(file, REQUIRED)
        assert secret not in str(error.value)
        assert "line 1: a GitHub token, by its look" in str(error.value)


def test_whatever_is_written_there_is_a_setting_or_a_report(load: Load) -> None:
    """Examples with some characters exchanged, and texts of nothing but odd ones."""
    chance = random.Random(random.getrandbits(32))  # pytest-randomly prints the seed of `random`
    odd = string.punctuation + string.whitespace + "\x00\x1b\x9b\u202e\u00e9\udcff\U0001f680a0"
    for variable, example in EXAMPLES.items():
        for _ in range(60):
            characters = list(example if chance.random() < 0.7 else "")
            for _ in range(chance.randint(1, 4)):
                characters.insert(chance.randint(0, len(characters)), chance.choice(odd))
            value = "".join(characters)
            report = said(load, variable, value)
            if report is not None:
                is_printable(report, lines=6)
