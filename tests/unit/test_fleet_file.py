"""What fleet.toml may say, and what is answered to everything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from settings import SettingsError
from settings.fleet import SIZES, Architecture, Capacity, Fleet, TaskSize
from settings.fleet_file import load_fleet

ENV = "AWS_ACCOUNT_ID=123456789012\nAWS_REGION=us-east-1\n"


def fleet_of(folder: Path, text: str, env: str = ENV) -> Fleet | None:
    (folder / ".env").write_text(env)
    (folder / "fleet.toml").write_text(text)
    return load_fleet(folder / ".env", {})


def problems(folder: Path, text: str, env: str = ENV) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        fleet_of(folder, text, env)
    return [f"{each.variable}: {each.message}" for each in refused.value.problems]


def test_without_a_file_there_is_no_fleet(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(ENV)
    assert load_fleet(tmp_path / ".env", {}) is None


def test_each_worker_has_its_own_over_what_all_share(tmp_path: Path) -> None:
    fleet = fleet_of(
        tmp_path,
        """
        [fleet]
        capacity = "fargate_spot"
        [workers.btc-day]
        [workers.eth-5min]
        ALLORA_WORKER_TOPIC_ID = [13, 1]
        ALLORA_WORKER_TOKEN = "ETH"
        size = "1 vCPU, 3 GB"
        capacity = "FARGATE"
        architecture = "x86_64"
        paused = true
        """,
        ENV + "ALLORA_WORKER_TOPIC_ID=77\nALLORA_MAX_FEE=0.02\n",
    )
    assert fleet
    day, minutes = fleet.workers
    assert (day.name, day.settings.topic_ids) == ("btc-day", (77,))
    assert day.settings.worker_token is None
    assert day.options.capacity is Capacity.SPOT
    assert day.options.architecture is Architecture.ARM64
    assert day.options.size == TaskSize(256, 512)
    assert not day.options.paused
    assert (minutes.settings.topic_ids, minutes.settings.worker_token) == ((13, 1), "ETH")
    assert minutes.options.capacity is Capacity.ON_DEMAND
    assert minutes.options.size == TaskSize(1024, 3072)
    assert minutes.options.architecture is Architecture.X86_64
    assert minutes.options.paused
    assert str(day.settings.max_fee) == str(minutes.settings.max_fee) == "0.02"


FORGE = (
    f"MODEL_FORGE=s3://models/m.pkl\nMODEL_SHA256=sha256:{'a' * 64}\n"
    "MODEL_REQUIREMENTS=cloudpickle==3.1.0\nMODEL_PYTHON=3.12\n"
)


@pytest.mark.parametrize("env", ["MODEL_REPO=https://example.com/you/model.git\n", FORGE])
def test_a_model_that_a_host_builds_is_refused(tmp_path: Path, env: str) -> None:
    (told,) = problems(tmp_path, "[workers.a]\n", ENV + env)
    variable = env.partition("=")[0]
    assert told.startswith(f"workers.a.{variable}: is for a model that a host builds")
    assert fleet_of(tmp_path, "[workers.a]\nMODEL_IMAGE = 'ghcr.io/you/m:1'\n", ENV + env)


@pytest.mark.parametrize(
    ("line", "variable"),
    [
        ("MODEL_REF = 'v2'", "MODEL_REF"),
        ("MODEL_REPO = 'https://example.com/m.git'", "MODEL_REPO"),
        ("MODEL_PYTHON = '3.12'", "MODEL_PYTHON"),
    ],
)
def test_what_a_host_builds_a_model_from_is_refused_in_a_table(
    tmp_path: Path, line: str, variable: str
) -> None:
    (told,) = problems(tmp_path, f"[workers.a]\n{line}\n")
    assert told.startswith(f"workers.a.{variable}: is for a model that a host builds")


def test_what_a_fleet_cannot_have_is_not_proposed(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, "[workers.a]\nMODEL_IMGE = 'x'\n")
    assert "did you mean MODEL_IMAGE" in told
    assert "MODEL_RE" not in told


def test_a_model_of_its_own_replaces_the_one_that_all_share(tmp_path: Path) -> None:
    env = ENV + "MODEL_REPO=https://example.com/you/model.git\nMODEL_REF=v1\n"
    fleet = fleet_of(tmp_path, "[workers.a]\nMODEL_IMAGE = 'ghcr.io/you/m:1'\n", env)
    assert fleet
    assert fleet.workers[0].settings.model_image == "ghcr.io/you/m:1"
    assert problems(tmp_path, "[workers.a]\n", env)


def test_every_size_can_be_written_as_it_is_shown(tmp_path: Path) -> None:
    sizes = [TaskSize(cpu, memory) for cpu, choices in SIZES.items() for memory in choices]
    tables = "".join(f'[workers.w{n}]\nsize = "{size}"\n' for n, size in enumerate(sizes))
    fleet = fleet_of(tmp_path, tables)
    assert fleet
    assert [worker.options.size for worker in fleet.workers] == sizes


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    told = problems(
        tmp_path,
        """
        [fleet]
        sise = "1 vCPU, 2 GB"
        [workers.Big]
        [workers.ends-]
        [workers.worker]
        [workers.a]
        size = "1 vCPU, 1 GB"
        [workers.b]
        capacity = "SPOT"
        ALLORA_WORKER_TOPIC_ID = "x"
        [workers.c]
        AWS_REGION = "eu-west-1"
        ALLORA_WORKER_NAME = "d"
        MODEL_PRT = 1
        [workers.d]
        MODEL_PORT = 9010
        [workers.e]
        paused = "yes"
        ALLORA_WORKER_TOKEN = 1.5
        [others]
        """,
    )
    begin = [each.split(": ")[0] for each in told]
    assert sorted(begin) == sorted(
        [
            "others",
            "fleet.sise",
            "workers.Big",
            "workers.ends-",
            "workers.worker",
            "workers.a.size",
            "workers.b.capacity",
            "workers.b.ALLORA_WORKER_TOPIC_ID",
            "workers.c.AWS_REGION",
            "workers.c.ALLORA_WORKER_NAME",
            "workers.c.MODEL_PRT",
            "workers.d.MODEL_PORT",
            "workers.e.paused",
            "workers.e.ALLORA_WORKER_TOKEN",
        ]
    ), told
    assert any("did you mean MODEL_PORT" in each for each in told)
    assert any("did you mean size?" in each for each in told)


def test_what_all_share_is_told_once(tmp_path: Path) -> None:
    text = "[fleet]\nsize = 'huge'\napi_key = 1\n[workers.a]\n[workers.b]\npaused = 'x'\n"
    told = [each.partition(": ")[0] for each in problems(tmp_path, text)]
    assert told == ["fleet.size", "fleet.api_key", "workers.b.paused"]


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("[workers", "fleet.toml: is not TOML: "),
        ("[workers.a]\n[workers.a]\n", "fleet.toml: is not TOML: Cannot declare"),
        ("workers = 1", "workers: is not a table."),
        ("workers.a = 1", "workers.a: is not a table."),
        ("", "workers: has no workers."),
        (f"x = {'9' * 5000}", "fleet.toml: is not TOML: "),
        (f"x = {'[' * 5000}", "fleet.toml: is not TOML: "),
        (f"[workers.a]\nsize = '{'9' * 400} vCPU, 1 GB'", "workers.a.size: "),
        ("[workers.a]\nsize = '0.2501 vCPU, 1 GB'", "workers.a.size: "),
        ("[workers.a]\nsize = '1 vCPU, 2.0001 GB'", "workers.a.size: "),
        *(
            (f"[workers.a]\n{option} = {value}", f"workers.a.{option}: ")
            for option in ("size", "capacity", "architecture", "paused", "api_key")
            for value in ("1", "[]", "{ a = 1 }", "1.5", "2026-11-29")
        ),
        *(
            (f"[workers.a]\n{variable} = {value}", f"workers.a.{variable}: ")
            for variable in ("MODEL_PORT", "MODEL_SECRETS", "ALLORA_WORKER_TOPIC_ID")
            for value in ("{ a = 1 }", "1.5", "2026-11-29", "[[1]]", "true")
        ),
        ("[workers]\na = [1]", "workers.a: is not a table."),
        ("fleet = 1\n[workers.a]", "fleet: is not a table."),
        ("[workers.'']", "workers.: is not a name"),
    ],
)
def test_what_is_no_fleet_is_said(tmp_path: Path, text: str, start: str) -> None:
    assert problems(tmp_path, text)[0].startswith(start)


def remedy(folder: Path, text: str) -> str:
    with pytest.raises(SettingsError) as refused:
        fleet_of(folder, text)
    (problem,) = refused.value.problems
    return problem.remedy


def test_a_text_without_quotes_is_told_from_those_of_env(tmp_path: Path) -> None:
    told = remedy(tmp_path, "[workers.a]\nALLORA_WORKER_TOKEN=ETH\n")
    assert 'ALLORA_WORKER_TOKEN = "ETH"' in told


def test_an_emptied_file_says_how_to_stop_and_to_remove_a_fleet(tmp_path: Path) -> None:
    told = remedy(tmp_path, "[fleet]\n")
    assert "paused = true" in told
    assert "allora destroy" in told
    fleet = fleet_of(tmp_path, "[fleet]\npaused = true\n[workers.a]\n[workers.b]\n")
    assert fleet
    assert not fleet.running


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ('mnemonic = "x"', "allora wallet import --worker btc-day"),
        ('CG_API_KEY = "x"', "allora secret set model/CG_API_KEY --worker btc-day"),
        ('ALLORA_API_KEY = "x"', "allora secret set api-key --worker btc-day"),
    ],
)
def test_the_command_that_stores_a_secret_names_its_worker(
    tmp_path: Path, line: str, command: str
) -> None:
    assert command in remedy(tmp_path, f"[workers.btc-day]\n{line}\n")


@pytest.mark.parametrize(
    "line",
    [
        'MNEMONIC = "x"',
        'API_KEY = "x"',
        'MODEL_COMMAND = "env CG_API_KEY=abc python app.py"',
        'ALLORA_WORKER_TOKEN = "UP-0123456789abcdef01234567"',
    ],
)
def test_secrets_are_refused_and_not_shown(tmp_path: Path, line: str) -> None:
    (tmp_path / "secret").mkdir()
    with pytest.raises(SettingsError) as refused:
        fleet_of(tmp_path, f"[workers.a]\n{line}\n")
    assert "secret" in str(refused.value) or "looks like" in str(refused.value)
    assert "0123456789abcdef" not in str(refused.value)


def test_what_all_share_is_wrong_in_its_own_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"\.env: 1 setting needs"):
        fleet_of(tmp_path, "[workers.a]", ENV + "ALLORA_MAX_FEE=x\n")
