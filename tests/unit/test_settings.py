"""Settings that load: where they come from, what they become, and what they warn about."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from settings import EbsVolume, Settings, SettingsError, load_settings

ROOT = Path(__file__).parents[2]
REQUIRED = "AWS_ACCOUNT_ID=123456789012\nAWS_REGION=us-east-1\n"
REQUIRED_ENVIRON = {"AWS_ACCOUNT_ID": "123456789012", "AWS_REGION": "us-east-1"}

Load = Callable[..., Settings]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Load a `.env` with the required settings and these lines, in an environment of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("settings.loader.PROJECT", tmp_path)

    def from_text(lines: str = "", environ: Mapping[str, str] | None = None) -> Settings:
        Path(".env").write_bytes((REQUIRED + lines).encode())
        return load_settings(environ=environ or {})

    return from_text


class TestSources:
    def test_the_file_in_the_working_directory(self, load: Load) -> None:
        assert load("AWS_RESOURCE_NAME_PREFIX=mine").name_prefix == "mine"

    def test_the_project_s_file_from_another_folder(
        self, load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        load("AWS_RESOURCE_NAME_PREFIX=mine")
        elsewhere = tmp_path / "docs"
        elsewhere.mkdir()
        monkeypatch.chdir(elsewhere)
        assert load_settings(environ={}).name_prefix == "mine"
        Path(".env").write_text(REQUIRED + "AWS_RESOURCE_NAME_PREFIX=here")
        assert load_settings(environ={}).name_prefix == "here"

    def test_a_file_named_by_the_environment_relative_to_another_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        Path("my.env").write_text(REQUIRED)
        assert load_settings(environ={"ALLORA_ENV_FILE": "my.env"}).aws_region == "us-east-1"

    def test_the_environment_alone(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr("settings.loader.PROJECT", tmp_path)
        settings = load_settings(environ={**REQUIRED_ENVIRON, "LOG_RETENTION_DAYS": "7"})
        assert (settings.aws_region, settings.log_retention_days) == ("us-east-1", 7)

    def test_the_environment_fills_what_the_file_leaves_out(self, load: Load) -> None:
        assert load(environ={"LOG_RETENTION_DAYS": "7"}).log_retention_days == 7

    def test_a_file_named_by_the_environment(self, load: Load, tmp_path: Path) -> None:
        other = tmp_path / "other.env"
        other.write_text(REQUIRED + "AWS_RESOURCE_NAME_PREFIX=other")
        environ = {"ALLORA_ENV_FILE": str(other)}
        assert load("AWS_RESOURCE_NAME_PREFIX=mine", environ).name_prefix == "other"

    def test_a_file_given_wins_over_one_named(self, tmp_path: Path) -> None:
        given = tmp_path / "given.env"
        given.write_text(REQUIRED)
        assert load_settings(given, {"ALLORA_ENV_FILE": "absent.env"}).aws_region == "us-east-1"

    @pytest.mark.parametrize(
        ("given", "environ"),
        [(Path("absent.env"), {}), (None, {"ALLORA_ENV_FILE": "absent.env"})],
    )
    def test_a_named_file_must_exist(self, given: Path | None, environ: dict[str, str]) -> None:
        with pytest.raises(SettingsError, match=r"absent\.env.*No such file") as caught:
            load_settings(given, environ)
        assert "check that the file exists" in str(caught.value)

    def test_the_file_wins_and_says_so(self, load: Load) -> None:
        settings = load(environ={"AWS_REGION": "eu-west-1"})
        assert settings.aws_region == "us-east-1"
        assert settings.warnings == (
            (
                "AWS_REGION (line 2): .env differs from the environment; the file wins "
                "('us-east-1', not 'eu-west-1').\n    -> unset AWS_REGION"
            ),
        )

    def test_an_empty_line_of_the_file_wins_as_well(self, load: Load) -> None:
        settings = load("AWS_RESOURCE_NAME_PREFIX=", {"AWS_RESOURCE_NAME_PREFIX": "shell"})
        assert settings.name_prefix == "allora-worker"
        assert "differs from the environment" in settings.warnings[0]

    @pytest.mark.parametrize(
        "environ",
        [
            {"AWS_REGION": "us-east-1"},
            {"AWS_REGION": "eu-west-1", "PIPENV_ACTIVE": "1"},
            {"PATH": "/bin", "FOO": "bar", "AWS_SECRET_ACCESS_KEY": "x"},
        ],
    )
    def test_no_warning_without_a_difference_of_the_users_making(
        self, load: Load, environ: dict[str, str]
    ) -> None:
        assert load(environ=environ).warnings == ()

    def test_a_profile_counts_in_the_file_only(self, load: Load) -> None:
        assert load("AWS_PROFILE=mine").aws_profile == "mine"
        assert load(environ={"AWS_PROFILE": "shell"}).aws_profile is None

    def test_an_empty_value_is_the_default(self, load: Load) -> None:
        assert load("LOG_RETENTION_DAYS=\nMODEL_REPO=''\nCG_API_KEY=") == load()


class TestSyntax:
    @pytest.mark.parametrize(
        ("written", "value"),
        [
            ("'$HOME ${HOME} $(id)'", "$HOME ${HOME} $(id)"),
            ('"$HOME"', "$HOME"),
            ("$HOME", "$HOME"),
            ("'a # b'", "a # b"),
            ("a#b # comment", "a#b"),
            ('"say \\"hi\\""', 'say "hi"'),
            ('"it\'s"', "it's"),
            ('"a\\\\b"', "a\\b"),
            ('"a\\nb"', "a\nb"),
            ('"a\nb\n\n c "', "a\nb\n\n c "),
            ("grüße-日本-🚀", "grüße-日本-🚀"),
            ('" blanks "', " blanks "),
            ("", ""),
            ('"a=b=c"', "a=b=c"),
        ],
    )
    def test_a_value_of_the_model_arrives_byte_for_byte(
        self, load: Load, written: str, value: str
    ) -> None:
        # every backslash counts twice inside the outer quotes
        inner = f"V={written}".replace("\\", "\\\\").replace("'", "\\'")
        assert load(f"MODEL_ENV_VARS='\n{inner}\n'").model_env == {"V": value}

    def test_the_blueprints_form_of_model_variables(self, load: Load) -> None:
        settings = load('MODEL_ENV_VARS=\'\nTOKEN="ETH"\nTIMEFRAME="4h"\n\'\nMODEL_PORT=8080')
        assert settings.model_env == {"TOKEN": "ETH", "TIMEFRAME": "4h"}
        assert settings.model_port == 8080

    def test_model_variables_cannot_be_changed(self, load: Load) -> None:
        with pytest.raises(TypeError):
            load("MODEL_ENV_VARS=A=1").model_env["A"] = "2"  # type: ignore[index]

    @pytest.mark.parametrize(
        "raw",
        [
            b"\xef\xbb\xbf" + REQUIRED.encode(),
            REQUIRED.replace("\n", "\r\n").encode(),
            b"export " + REQUIRED.encode(),
            b"# comment\n\n\n" + REQUIRED.encode() + b"\n# end",
        ],
        ids=["byte order mark", "CRLF", "export", "comments"],
    )
    def test_files_as_editors_write_them(self, tmp_path: Path, raw: bytes) -> None:
        path = tmp_path / ".env"
        path.write_bytes(raw)
        assert load_settings(path, {}).aws_account_id == "123456789012"

    def test_a_windows_file_gives_the_host_unix_lines(self, tmp_path: Path) -> None:
        path = tmp_path / ".env"
        path.write_bytes(
            (REQUIRED + "MODEL_ENV_VARS='\nA=\"x\ny\"\n'").replace("\n", "\r\n").encode()
        )
        assert load_settings(path, {}).model_env == {"A": "x\ny"}


class TestValues:
    def test_the_defaults(self, load: Load) -> None:
        settings = load()
        assert settings.name_prefix == "allora-worker"
        assert settings.state_bucket == "allora-tfstate-123456789012-us-east-1"
        assert settings.state_region == "us-east-1"
        assert (settings.vpc_cidr, settings.subnet_cidr) == ("10.0.0.0/16", "10.0.0.0/24")
        assert settings.ingress_cidrs == ("0.0.0.0/0",)
        assert (settings.worker_port, settings.model_port) == (9010, 8000)
        assert (settings.instance_type, settings.architecture) == ("t4g.small", "arm64")
        assert settings.data_volume is None
        assert (settings.allora_network, settings.topic_ids) == ("testnet", (69,))
        assert settings.inference_endpoint == (
            "http://model:8000/inference/{Token}?topic_id={TopicId}&kind={Kind}&horizon={Horizon}"
        )
        assert settings.model_env == {}
        assert settings.warnings == ()

    @pytest.mark.parametrize(
        ("lines", "attribute", "value"),
        [
            ("AWS_RESOURCE_NAME_PREFIX=AlloraWorkerx", "name_prefix", "AlloraWorkerx"),
            ("AWS_VPC_CIDR=10.1.0.0/26", "subnet_cidr", "10.1.0.0/26"),
            ("AWS_VPC_CIDR=10.1.0.0/20", "subnet_cidr", "10.1.0.0/24"),
            ("AWS_VPC_CIDR=100.64.0.0/16", "vpc_cidr", "100.64.0.0/16"),
            ("AWS_AVAILABILITY_ZONE=us-east-1b", "availability_zone", "us-east-1b"),
            ("ALLORA_INGRESS_CIDRS=none", "ingress_cidrs", ()),
            (
                "ALLORA_INGRESS_CIDRS=10.0.0.0/8, 192.0.2.1/32",
                "ingress_cidrs",
                ("10.0.0.0/8", "192.0.2.1/32"),
            ),
            ("AWS_INSTANCE_TYPE=t4g.medium", "architecture", "arm64"),
            ("AWS_INSTANCE_TYPE=t4g.medium\nAWS_INSTANCE_CPU_TYPE=ARM_64", "architecture", "arm64"),
            ("AWS_INSTANCE_TYPE=t4g.medium\nAWS_INSTANCE_CPU_TYPE=Arm64", "architecture", "arm64"),
            ("AWS_INSTANCE_TYPE=t3.small\nAWS_INSTANCE_CPU_TYPE=X86_64", "cpu_type", "x86_64"),
            ("ALLORA_WORKER_NAME=aws", "worker_name", "aws"),
            ("ALLORA_WORKER_TOPIC_ID=1, 69", "topic_ids", (1, 69)),
            ("ALLORA_NETWORK=Mainnet\nALLORA_WORKER_TOPIC_ID=1", "allora_network", "mainnet"),
            (
                "MODEL_SECRETS=CG_API_KEY, DB_PASSWORD",
                "model_secrets",
                ("CG_API_KEY", "DB_PASSWORD"),
            ),
            ("MODEL_ENV_VARS='CG_API_KEY=\nA=1'", "model_env", {"A": "1"}),
            ("MODEL_ENV_VARS='TOKEN=ETH'", "model_env", {"TOKEN": "ETH"}),
            ("ALARM_MISSED_WINDOWS=5", "alarm_missed_windows", 5),
            ("ALARM_BALANCE=0", "alarm_balance", Decimal(0)),
            ("ALARM_BALANCE=0.000000000000000001", "alarm_balance", Decimal("1e-18")),
            ("", "alarm_balance", Decimal("0.00000000075")),
            (
                "ALLORA_NETWORK=mainnet\nALLORA_WORKER_TOPIC_ID=1",
                "alarm_balance",
                Decimal("0.01875"),
            ),
            ("", "max_fee", Decimal("0.01")),
            ("", "max_daily_fees", Decimal(1)),
            ("ALLORA_MAX_FEE=0.000000000000000001", "max_fee", Decimal("1e-18")),
            ("ALLORA_MAX_FEE=2\nALLORA_MAX_DAILY_FEES=2", "max_daily_fees", Decimal(2)),
            ("ALLORA_WORKER_IMAGE=localhost:5000/a/b:1", "worker_image", "localhost:5000/a/b:1"),
        ],
    )
    def test_a_value(self, load: Load, lines: str, attribute: str, value: object) -> None:
        settings = load(lines)
        assert getattr(settings, attribute) == value
        assert settings.warnings == ()

    @pytest.mark.parametrize(
        ("region", "partition"),
        [("us-east-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")],
    )
    def test_the_partition(self, region: str, partition: str) -> None:
        settings = load_settings(environ={**REQUIRED_ENVIRON, "AWS_REGION": region})
        assert settings.partition == partition

    @pytest.mark.parametrize(
        ("lines", "volume"),
        [
            ("EDGE_DATA_VOL_TYPE=none", None),
            ("EDGE_DATA_VOL_TYPE=GP3", EbsVolume("gp3", 20, 3000, 125)),
            ("EDGE_DATA_VOL_TYPE=gp3\nEDGE_DATA_VOL_SIZE=1", EbsVolume("gp3", 1, 3000, 125)),
            ("EDGE_DATA_VOL_TYPE=io1", EbsVolume("io1", 20, 1000, None)),
            ("EDGE_DATA_VOL_TYPE=io2", EbsVolume("io2", 20, 3000, None)),
            (
                (
                    "EDGE_DATA_VOL_TYPE=gp3\nEDGE_DATA_VOL_SIZE=160\nEDGE_DATA_VOL_IOPS=80000\n"
                    "EDGE_DATA_VOL_THROUGHPUT=1000"
                ),
                EbsVolume("gp3", 160, 80000, 1000),
            ),
            ("EDGE_DATA_VOL_TYPE=instance-store\nAWS_INSTANCE_TYPE=m6id.large", None),
        ],
    )
    def test_the_data_volume(self, load: Load, lines: str, volume: EbsVolume | None) -> None:
        settings = load(lines)
        assert settings.data_volume == volume
        assert settings.warnings == ()

    def test_settings_cannot_be_changed(self, load: Load) -> None:
        with pytest.raises(ValidationError):
            load().aws_region = "eu-west-1"  # type: ignore[misc]


class TestWarnings:
    @pytest.mark.parametrize(
        ("lines", "variable", "fragment"),
        [
            ("AWS_VPC_CIDR=172.17.0.0/20", "AWS_VPC_CIDR", "Docker"),
            ("AWS_INSTANCE_TYPE=t3.micro", "AWS_INSTANCE_TYPE", "1024 MiB"),
            (
                "AWS_INSTANCE_TYPE=m99g.large\nAWS_INSTANCE_CPU_TYPE=ARM_64",
                "AWS_INSTANCE_TYPE",
                "newer than this release",
            ),
            (
                "EDGE_DATA_VOL_TYPE=io2\nEDGE_DATA_VOL_THROUGHPUT=125",
                "EDGE_DATA_VOL_THROUGHPUT",
                "125 is ignored: io2",
            ),
            (
                (
                    "EDGE_DATA_VOL_TYPE=instance-store\nAWS_INSTANCE_TYPE=m6id.large\n"
                    "EDGE_DATA_VOL_SIZE=256"
                ),
                "EDGE_DATA_VOL_SIZE",
                "256 is ignored: instance-store",
            ),
            (
                "ALLORA_WORKER_INFERENCE_ENDPOINT=http://localhost:8000/{Token}",
                "ALLORA_WORKER_INFERENCE_ENDPOINT",
                "http://model:8000/inference/{Token}",
            ),
            (
                (
                    "MODEL_PORT=8080\n"
                    "ALLORA_WORKER_INFERENCE_ENDPOINT=http://source:8000/inference/{Token}"
                ),
                "ALLORA_WORKER_INFERENCE_ENDPOINT",
                "port 8000, but MODEL_PORT is 8080",
            ),
            ("ALLORA_WORKER_IMAGE=a/b", "ALLORA_WORKER_IMAGE", "digest"),
            ("ALLORA_WORKER_IMAGE=localhost:5000/b", "ALLORA_WORKER_IMAGE", "digest"),
            ("MODEL_IMAGE=a/b:latest", "MODEL_IMAGE", "digest"),
            (
                (
                    "BOOT_NODES=/ip4/192.0.2.1/tcp/9010/p2p/"
                    "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp"
                ),
                "BOOT_NODES",
                "ALLORA_WORKER_IMAGE",
            ),
            ("ALLORA_GRPC_URL=grpc+http://10.0.0.5:9090", "ALLORA_GRPC_URL", "not encrypted"),
            ("ALLORA_WEBSOCKET_URL=ws://10.0.0.5/ws", "ALLORA_WEBSOCKET_URL", "not encrypted"),
            ("MODEL_REPO=https://example.com/r", "MODEL_REPO", "MODEL_REF"),
            (
                "MODEL_REPO=https://example.com/r\nMODEL_REF=e046142",
                "MODEL_REF",
                "write all 40 digits",
            ),
            ("ALLORA_ENV=dev", "ALLORA_ENV", "ALLORA_NETWORK"),
            ("ALLORA_WALLET_NODE_RPC=https://x", "ALLORA_WALLET_NODE_RPC", "ALLORA_GRPC_URL"),
            ("ALLORA_WALLET_GAS=1", "ALLORA_WALLET_GAS", "by itself"),
            ("ALLORA_REPUTER_TOKEN=ethereum", "ALLORA_REPUTER_TOKEN", "ALLORA_WORKER_ROLE=reputer"),
            ("ALLORA_REPUTER_TOPIC_ID=1", "ALLORA_REPUTER_TOPIC_ID", "ALLORA_WORKER_ROLE=reputer"),
            ("ALLORA_WORKER_LOOP_SECONDS=1", "ALLORA_WORKER_LOOP_SECONDS", "windows"),
            ("ALLORA_ACCOUNT_NAME=me", "ALLORA_ACCOUNT_NAME", "key name"),
        ],
    )
    def test_what_is_not_wrong_but_worth_saying(
        self, load: Load, lines: str, variable: str, fragment: str
    ) -> None:
        (warning,) = load(lines).warnings
        assert warning.startswith(f"{variable} (line ")
        assert fragment in warning

    @pytest.mark.parametrize(
        "lines",
        [
            (
                "ALLORA_WORKER_IMAGE=a/b:1.0\nBOOT_NODES=/dns4/h.example/tcp/9010/p2p/"
                "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp"
            ),
            f"MODEL_IMAGE=a/b@sha256:{'0' * 64}",
            "ALLORA_GRPC_URL=grpc+https://grpc.example.com:443",
            "MODEL_REPO=https://example.com/r.git\nMODEL_REF=main",
            "ALLORA_WALLET_MNEMONIC=",
            "ALLORA_WORKER_INFERENCE_ENDPOINT=https://model.example.com/{Token}/{TopicId}",
        ],
    )
    def test_nothing_to_say(self, load: Load, lines: str) -> None:
        assert load(lines).warnings == ()

    def test_in_the_order_of_the_file(self, load: Load) -> None:
        warnings = load("MODEL_IMAGE=a/b\nALLORA_ENV=dev\nAWS_INSTANCE_TYPE=t3.micro").warnings
        assert [warning.partition(":")[0] for warning in warnings] == [
            "MODEL_IMAGE (line 3)",
            "ALLORA_ENV (line 4)",
            "AWS_INSTANCE_TYPE (line 5)",
        ]


def test_loading_needs_neither_cdktf_nor_boto3() -> None:
    heavy = {"cdktf", "cdktn", "jsii", "boto3", "botocore"}
    code = f"import sys, settings; print({heavy} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"
