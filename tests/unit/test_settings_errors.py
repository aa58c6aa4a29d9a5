"""Settings that are refused: each with its name, its value, what is wrong and the remedy."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from settings import Settings, SettingsError, load_settings

REQUIRED = "AWS_ACCOUNT_ID=123456789012\nAWS_REGION=us-east-1\n"
CANARY = "c4n4ry"
MNEMONIC = " ".join(["abandon"] * 11 + ["about"])
PEER = "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp"


def report(tmp_path: Path, text: str | bytes) -> str:
    """What the user sees when this file is loaded."""
    path = tmp_path / ".env"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SettingsError) as caught:
        load_settings(path, {})
    return str(caught.value)


# the lines after the required ones; the variable that is blamed; what its report must contain
BAD: list[tuple[str, str, tuple[str, ...]]] = [
    ("AWS_PROFILE='a\tb'", "AWS_PROFILE", ("'a\\tb'", "cannot be printed")),
    ("AWS_PROFILE=']'", "AWS_PROFILE", ("']'", "aws configure list-profiles")),
    ("AWS_RESOURCE_NAME_PREFIX=SG-x", "AWS_RESOURCE_NAME_PREFIX", ("'SG-x'", "sg-")),
    ("AWS_RESOURCE_NAME_PREFIX=1x", "AWS_RESOURCE_NAME_PREFIX", ("'1x'", "letter")),
    ("AWS_RESOURCE_NAME_PREFIX=a_b", "AWS_RESOURCE_NAME_PREFIX", ("'a_b'", "hyphens")),
    (f"AWS_RESOURCE_NAME_PREFIX={'a' * 33}", "AWS_RESOURCE_NAME_PREFIX", ("at most 32",)),
    ("TF_STATE_BUCKET=My_Bucket", "TF_STATE_BUCKET", ("'My_Bucket'", "lower-case")),
    ("TF_STATE_BUCKET=ab", "TF_STATE_BUCKET", ("'ab'", "3 to 63")),
    ("TF_STATE_BUCKET=10.0.0.1", "TF_STATE_BUCKET", ("'10.0.0.1'", "S3 bucket")),
    ("TF_STATE_BUCKET=xn--bucket", "TF_STATE_BUCKET", ("'xn--bucket'", "S3 bucket")),
    ("TF_STATE_REGION=eu-wst-1", "TF_STATE_REGION", ("'eu-wst-1'", "eu-west-1")),
    ("TF_STATE_REGION=cn-north-1", "TF_STATE_REGION", ("'cn-north-1'", "partition")),
    ("AWS_VPC_ID=vpc-1\nAWS_SUBNET_ID=subnet-01234567", "AWS_VPC_ID", ("'vpc-1'", "describe-vpcs")),
    ("AWS_VPC_ID=vpc-01234567", "AWS_VPC_ID", ("without AWS_SUBNET_ID", "set both")),
    ("AWS_SUBNET_ID=subnet-01234567", "AWS_SUBNET_ID", ("without AWS_VPC_ID", "set both")),
    ("AWS_SUBNET_ID=x\nAWS_VPC_ID=vpc-01234567", "AWS_SUBNET_ID", ("'x'", "describe-subnets")),
    (
        "AWS_VPC_ID=vpc-01234567\nAWS_SUBNET_ID=subnet-01234567\nAWS_VPC_CIDR=10.0.0.0/16",
        "AWS_VPC_CIDR",
        ("'10.0.0.0/16'", "AWS_VPC_ID", "remove it"),
    ),
    (
        "AWS_VPC_ID=vpc-01234567\nAWS_SUBNET_ID=subnet-01234567\nAWS_SUBNET_CIDR=10.0.0.0/24",
        "AWS_SUBNET_CIDR",
        ("'10.0.0.0/24'", "AWS_VPC_ID", "remove it"),
    ),
    (
        "AWS_VPC_ID=vpc-01234567\nAWS_SUBNET_ID=subnet-01234567\nAWS_AVAILABILITY_ZONE=us-east-1a",
        "AWS_AVAILABILITY_ZONE",
        ("'us-east-1a'", "AWS_SUBNET_ID", "remove it"),
    ),
    ("AWS_VPC_CIDR=10.0.0.1/16", "AWS_VPC_CIDR", ("'10.0.0.1/16'", "10.0.0.0/16")),
    ("AWS_VPC_CIDR=10.0.0.0", "AWS_VPC_CIDR", ("'10.0.0.0'", "10.0.0.0/32")),
    ("AWS_VPC_CIDR=10.0.0.0/8", "AWS_VPC_CIDR", ("'10.0.0.0/8'", "/16 to /28")),
    ("AWS_VPC_CIDR=10.0.0.0/29", "AWS_VPC_CIDR", ("'10.0.0.0/29'", "/16 to /28")),
    ("AWS_VPC_CIDR=8.8.0.0/16", "AWS_VPC_CIDR", ("'8.8.0.0/16'", "10.0.0.0/8")),
    ("AWS_VPC_CIDR=fd00::/16", "AWS_VPC_CIDR", ("'fd00::/16'", "IPv4")),
    ("AWS_SUBNET_CIDR=10.1.0.0/24", "AWS_SUBNET_CIDR", ("'10.1.0.0/24'", "10.0.0.0/16")),
    ("AWS_AVAILABILITY_ZONE=eu-west-1a", "AWS_AVAILABILITY_ZONE", ("'eu-west-1a'", "us-east-1a")),
    ("AWS_AVAILABILITY_ZONE=use1-az1", "AWS_AVAILABILITY_ZONE", ("'use1-az1'", "not an id")),
    ("ALLORA_INGRESS_CIDRS=", "ALLORA_INGRESS_CIDRS", ("empty", "write none")),
    ("ALLORA_INGRESS_CIDRS=192.0.2.1", "ALLORA_INGRESS_CIDRS", ("192.0.2.1/32",)),
    ("ALLORA_INGRESS_CIDRS=192.0.2.1/24", "ALLORA_INGRESS_CIDRS", ("192.0.2.0/24",)),
    ("ALLORA_INGRESS_CIDRS=::/0", "ALLORA_INGRESS_CIDRS", ("'::/0'", "IPv4")),
    ("ALLORA_INGRESS_CIDRS=none,10.0.0.0/8", "ALLORA_INGRESS_CIDRS", ("none alone",)),
    ("ALLORA_INGRESS_CIDRS=10.0.0.0/8,", "ALLORA_INGRESS_CIDRS", ("empty item", "comma")),
    ("ALLORA_INGRESS_CIDRS=10.0.0.0/8,10.0.0.0/8", "ALLORA_INGRESS_CIDRS", ("twice",)),
    (
        "ALLORA_INGRESS_CIDRS=" + ",".join(f"10.0.{n}.0/24" for n in range(61)),
        "ALLORA_INGRESS_CIDRS",
        ("61 networks", "60 rules"),
    ),
    ("ALLORA_WORKER_PORT=80", "ALLORA_WORKER_PORT", ("'80'", "1024 to 65535")),
    ("ALLORA_WORKER_PORT=9_010", "ALLORA_WORKER_PORT", ("'9_010'", "whole number")),
    ("ALLORA_WORKER_PORT=٩٠١٠", "ALLORA_WORKER_PORT", ("'٩٠١٠'", "whole number")),
    ("AWS_INSTANCE_TYPE=t3.mediun", "AWS_INSTANCE_TYPE", ("'t3.mediun'", "t3.medium")),
    (
        "AWS_INSTANCE_TYPE=m99g.large",
        "AWS_INSTANCE_TYPE",
        ("'m99g.large'", "AWS_INSTANCE_CPU_TYPE"),
    ),
    (
        "AWS_INSTANCE_TYPE=m99g.huge\nAWS_INSTANCE_CPU_TYPE=ARM_64",
        "AWS_INSTANCE_TYPE",
        ("'m99g.huge'", "not an instance type"),
    ),
    ("AWS_INSTANCE_TYPE=mac2.metal", "AWS_INSTANCE_TYPE", ("'mac2.metal'",)),
    ("AWS_INSTANCE_TYPE=t3.nano", "AWS_INSTANCE_TYPE", ("'t3.nano'", "512 MiB", "t4g.small")),
    ("AWS_INSTANCE_CPU_TYPE=x86_64", "AWS_INSTANCE_CPU_TYPE", ("'x86_64'", "arm64", "t3.small")),
    ("AWS_INSTANCE_CPU_TYPE=i386", "AWS_INSTANCE_CPU_TYPE", ("'i386'", "ARM_64")),
    ("AWS_AMI_ID=ubuntu", "AWS_AMI_ID", ("'ubuntu'", "ami-")),
    ("HOST_REBOOT_TIME=24:00", "HOST_REBOOT_TIME", ("'24:00'", "04:30")),
    ("HOST_REBOOT_TIME=4am", "HOST_REBOOT_TIME", ("'4am'", "04:30")),
    ("ALLORA_WORKER_ROLE=inference", "ALLORA_WORKER_ROLE", ("inferer, forecaster, reputer",)),
    ("ALLORA_SDK_VERSION=latest", "ALLORA_SDK_VERSION", ("'latest'", "1.3.0")),
    (
        "ALLORA_SDK_VERSION=9.9.9",
        "ALLORA_SDK_VERSION",
        ("'9.9.9'", "not been locked", "make lock-worker SDK=9.9.9"),
    ),
    ("ALLORA_SDK_VERSION=../1.3.0", "ALLORA_SDK_VERSION", ("'../1.3.0'",)),
    ("ALLORA_PYTHON_IMAGE=Python:3", "ALLORA_PYTHON_IMAGE", ("'Python:3'",)),
    (
        "ALLORA_WORKER_FORECAST_ENDPOINT=http://model:8000/{Topic}",
        "ALLORA_WORKER_FORECAST_ENDPOINT",
        ("{TopicId}",),
    ),
    ("ALLORA_WORKER_GROUND_TRUTH_ENDPOINT=model", "ALLORA_WORKER_GROUND_TRUTH_ENDPOINT", ()),
    ("AWS_ROOT_VOLUME_SIZE=8", "AWS_ROOT_VOLUME_SIZE", ("'8'", "20 to 16384")),
    ("EDGE_DATA_VOL_TYPE=gp2", "EDGE_DATA_VOL_TYPE", ("'gp2'", "gp3, io1, io2")),
    ("EDGE_DATA_VOL_TYPE=instance-store", "EDGE_DATA_VOL_TYPE", ("t4g.small", "m6id.large")),
    (
        "EDGE_DATA_VOL_TYPE=gp3\nAWS_INSTANCE_TYPE=t2.medium",
        "EDGE_DATA_VOL_TYPE",
        ("Nitro", "t2.medium"),
    ),
    ("EDGE_DATA_VOL_SIZE=20", "EDGE_DATA_VOL_SIZE", ("'20'", "EDGE_DATA_VOL_TYPE=gp3")),
    ("EDGE_DATA_VOL_IOPS=3000", "EDGE_DATA_VOL_IOPS", ("'3000'", "EDGE_DATA_VOL_TYPE=gp3")),
    ("EDGE_DATA_VOL_THROUGHPUT=125", "EDGE_DATA_VOL_THROUGHPUT", ("EDGE_DATA_VOL_TYPE=gp3",)),
    ("EDGE_DATA_VOL_TYPE=gp3\nEDGE_DATA_VOL_SIZE=0", "EDGE_DATA_VOL_SIZE", ("'0'", "1 to 65536")),
    ("EDGE_DATA_VOL_TYPE=gp3\nEDGE_DATA_VOL_SIZE=2.5", "EDGE_DATA_VOL_SIZE", ("'2.5'", "whole")),
    ("EDGE_DATA_VOL_TYPE=io1\nEDGE_DATA_VOL_SIZE=16385", "EDGE_DATA_VOL_SIZE", ("4 to 16384",)),
    ("EDGE_DATA_VOL_TYPE=io2\nEDGE_DATA_VOL_SIZE=3", "EDGE_DATA_VOL_SIZE", ("4 to 65536",)),
    ("EDGE_DATA_VOL_TYPE=gp3\nEDGE_DATA_VOL_IOPS=2999", "EDGE_DATA_VOL_IOPS", ("3000 to 80000",)),
    ("EDGE_DATA_VOL_TYPE=io1\nEDGE_DATA_VOL_IOPS=64001", "EDGE_DATA_VOL_IOPS", ("100 to 64000",)),
    (
        "EDGE_DATA_VOL_TYPE=gp3\nEDGE_DATA_VOL_IOPS=10001",
        "EDGE_DATA_VOL_IOPS",
        ("'10001'", "500 IOPS per GiB", "EDGE_DATA_VOL_SIZE=21"),
    ),
    (
        "EDGE_DATA_VOL_TYPE=io1\nEDGE_DATA_VOL_SIZE=10\nEDGE_DATA_VOL_IOPS=501",
        "EDGE_DATA_VOL_IOPS",
        ("'501'", "50 IOPS per GiB", "EDGE_DATA_VOL_SIZE=11"),
    ),
    (
        "EDGE_DATA_VOL_TYPE=gp3\nEDGE_DATA_VOL_THROUGHPUT=751",
        "EDGE_DATA_VOL_THROUGHPUT",
        ("'751'", "EDGE_DATA_VOL_IOPS=3004"),
    ),
    (
        "EDGE_DATA_VOL_TYPE=gp3\nEDGE_DATA_VOL_THROUGHPUT=1001",
        "EDGE_DATA_VOL_THROUGHPUT",
        ("'1001'", "125 to 1000"),
    ),
    ("ALLORA_NETWORK=testnett", "ALLORA_NETWORK", ("'testnett'", "did you mean testnet")),
    ("ALLORA_NETWORK=mainnet", "ALLORA_WORKER_TOPIC_ID", ("required on mainnet", "topics.json")),
    ("ALLORA_WORKER_NAME=a/b", "ALLORA_WORKER_NAME", ("'a/b'", "32 letters")),
    ("ALLORA_WORKER_NAME=..", "ALLORA_WORKER_NAME", ("'..'",)),
    ("ALLORA_WORKER_TOPIC_ID=0", "ALLORA_WORKER_TOPIC_ID", ("'0'", "topic id")),
    ("ALLORA_WORKER_TOPIC_ID=1,,2", "ALLORA_WORKER_TOPIC_ID", ("'1,,2'", "several with commas")),
    ("ALLORA_WORKER_TOPIC_ID=1,1", "ALLORA_WORKER_TOPIC_ID", ("topic 1 twice",)),
    (f"ALLORA_WORKER_TOPIC_ID={2**64}", "ALLORA_WORKER_TOPIC_ID", ("whole number",)),
    ("ALLORA_WORKER_TOPIC_ID=01,1", "ALLORA_WORKER_TOPIC_ID", ("topic 1 twice",)),
    ("ALLORA_WORKER_TOKEN=a/b", "ALLORA_WORKER_TOKEN", ("'a/b'", "=BTC")),
    ("ALLORA_WORKER_TOKEN=..", "ALLORA_WORKER_TOKEN", ("'..'", "=BTC")),
    (
        "ALLORA_WORKER_INFERENCE_ENDPOINT=http://m/{token}",
        "ALLORA_WORKER_INFERENCE_ENDPOINT",
        ("{token}", "{Token}, {TopicId}, {BlockHeight}"),
    ),
    (
        "ALLORA_WORKER_INFERENCE_ENDPOINT=model:8000/inference",
        "ALLORA_WORKER_INFERENCE_ENDPOINT",
        ("http://",),
    ),
    (
        "ALLORA_WORKER_INFERENCE_ENDPOINT=http://model:99999/",
        "ALLORA_WORKER_INFERENCE_ENDPOINT",
        ("not a URL",),
    ),
    (
        "ALLORA_WORKER_INFERENCE_ENDPOINT=http:///inference",
        "ALLORA_WORKER_INFERENCE_ENDPOINT",
        ("complete URL",),
    ),
    ("ALLORA_WORKER_IMAGE=Acme/Worker:1", "ALLORA_WORKER_IMAGE", ("'Acme/Worker:1'", "lower case")),
    ("MODEL_IMAGE=a/b@sha256:12", "MODEL_IMAGE", ("'a/b@sha256:12'", "sha256")),
    ("MODEL_IMAGE='a b'", "MODEL_IMAGE", ("'a b'", "image")),
    ("BOOT_NODES=head:9010", "BOOT_NODES", ("head:9010", "/dns4/")),
    (f"BOOT_NODES=/dns4/h.example/tcp/9010/p2p/{PEER},", "BOOT_NODES", ("empty item",)),
    ("BOOT_NODES=/dns4/h.example/tcp/9010", "BOOT_NODES", ("multiaddress",)),
    ("ALLORA_GRPC_URL=https://x.example:443", "ALLORA_GRPC_URL", ("grpc+https://",)),
    ("ALLORA_GRPC_URL=rest+https://x.example", "ALLORA_GRPC_URL", ("grpc+https://",)),
    ("ALLORA_GRPC_URL=grpc+https://x.example/p", "ALLORA_GRPC_URL", ("path",)),
    ("ALLORA_WEBSOCKET_URL=https://x.example", "ALLORA_WEBSOCKET_URL", ("wss://",)),
    ("MODEL_REPO=git@github.com:a/b.git", "MODEL_REPO", ("https://",)),
    ("MODEL_REPO=http://github.com/a/b", "MODEL_REPO", ("https://",)),
    ("MODEL_REPO=https://github.com", "MODEL_REPO", ("git repository",)),
    ("MODEL_REPO=https://github.com/a/b/tree/main", "MODEL_REPO", ("MODEL_REF",)),
    ("MODEL_REPO='https://github.com/a/b;id'", "MODEL_REPO", ("git repository",)),
    ("MODEL_REF=main", "MODEL_REF", ("'main'", "without MODEL_REPO")),
    *(
        (f"MODEL_REPO=https://x.example/r\nMODEL_REF='{ref}'", "MODEL_REF", (f"'{ref}'", "branch"))
        for ref in ("--upload-pack=id", "a..b", "a b", "$(id)", "/a", "a.lock", "a@{1}", ".a", "a/")
    ),
    (
        "MODEL_REPO=https://x.example/r\nMODEL_REF=v1\nMODEL_IMAGE=a/b:1",
        "MODEL_IMAGE",
        ("'a/b:1'", "together with MODEL_REPO"),
    ),
    ("MODEL_PORT=0", "MODEL_PORT", ("'0'", "1 to 65535")),
    ("MODEL_ENV_VARS='\nA=1\nno variable\n'", "MODEL_ENV_VARS", ("line 3 of the value",)),
    ("MODEL_ENV_VARS='A=1\nA=2'", "MODEL_ENV_VARS", ("A twice",)),
    ("MODEL_ENV_VARS='A-B=1'", "MODEL_ENV_VARS", ("'A-B'", "letters")),
    ("MODEL_ENV_VARS='A=1\nB=\0'", "MODEL_ENV_VARS", ("line 2 of the value",)),
    ("MODEL_SECRETS=CG_API_KEY,CG_API_KEY", "MODEL_SECRETS", ("twice",)),
    ("MODEL_SECRETS='A B'", "MODEL_SECRETS", ("names only",)),
    (
        f"MODEL_SECRETS={','.join(f'S{number}' for number in range(51))}",
        "MODEL_SECRETS",
        ("51 names", "the host's role takes 50", "one secret"),
    ),
    (f"MODEL_SECRETS={'S' * 65}", "MODEL_SECRETS", ("65 characters", "at most 64")),
    ("MODEL_ENV_VARS=A=1\nMODEL_SECRETS=A", "MODEL_SECRETS", ("MODEL_ENV_VARS", "remove it there")),
    ("ALARM_EMAIL=me", "ALARM_EMAIL", ("'me'", "you@example.com")),
    ("ALARM_EMAIL=a@b.example,c@d.example", "ALARM_EMAIL", ("one address",)),
    ("ALARM_MISSED_WINDOWS=1", "ALARM_MISSED_WINDOWS", ("'1'", "2 to 1000")),
    ("ALARM_MISSED_WINDOWS=three", "ALARM_MISSED_WINDOWS", ("'three'", "whole number")),
    ("ALARM_BALANCE=-1", "ALARM_BALANCE", ("'-1'", "amount of ALLO", "0.5")),
    ("ALARM_BALANCE=1e-9", "ALARM_BALANCE", ("'1e-9'", "amount of ALLO")),
    ("ALARM_BALANCE=0,5", "ALARM_BALANCE", ("'0,5'", "amount of ALLO")),
    ("ALLORA_MAX_FEE=0", "ALLORA_MAX_FEE", ("'0' allows no fee", "above 0")),
    ("ALLORA_MAX_FEE=-1", "ALLORA_MAX_FEE", ("'-1'", "amount of ALLO")),
    ("ALLORA_MAX_FEE=1e-3", "ALLORA_MAX_FEE", ("'1e-3'", "amount of ALLO")),
    ("ALLORA_MAX_FEE=inf", "ALLORA_MAX_FEE", ("'inf'", "amount of ALLO")),
    ("ALLORA_MAX_FEE=1.5", "ALLORA_MAX_DAILY_FEES", ("ALLORA_MAX_FEE (1.5)", "set it to 1.5")),
    ("ALLORA_MAX_DAILY_FEES=0.0", "ALLORA_MAX_DAILY_FEES", ("'0.0'", "above 0")),
    (
        "ALLORA_MAX_DAILY_FEES=0.001",
        "ALLORA_MAX_DAILY_FEES",
        ("'0.001' is less than ALLORA_MAX_FEE (0.01)", "0.01 or more", "lower ALLORA_MAX_FEE"),
    ),
    ("LOG_RETENTION_DAYS=31", "LOG_RETENTION_DAYS", ("'31'", "30 or 60")),
    ("LOG_RETENTION_DAYS=0", "LOG_RETENTION_DAYS", ("'0'", "1 to 3653")),
    ("AWS_REGIN=us-east-1", "AWS_REGIN", ("not a setting", "did you mean AWS_REGION")),
    ("log_retention_days=30", "log_retention_days", ("did you mean LOG_RETENTION_DAYS",)),
    ("TRAINING_DAYS=1", "TRAINING_DAYS", ("not a setting", "MODEL_ENV_VARS")),
    ("AWS_REGION=us-east-1", "AWS_REGION", ("line 2 and on line 3", "remove one")),
]


@pytest.mark.parametrize(
    ("lines", "variable", "fragments"), BAD, ids=[lines[:60] for lines, _, _ in BAD]
)
def test_one_bad_setting(
    tmp_path: Path, lines: str, variable: str, fragments: tuple[str, ...]
) -> None:
    said = report(tmp_path, REQUIRED + lines)
    assert "1 setting needs your attention. Nothing was created or changed." in said
    assert said.splitlines()[2].startswith(f"  {variable}")
    for fragment in fragments:
        assert fragment in said


@pytest.mark.parametrize(
    "account", ["12345", "1234567890123", "1234-5678-9012", "x" * 11, "\u0661" * 12]
)
def test_a_bad_account(tmp_path: Path, account: str) -> None:
    said = report(tmp_path, f"AWS_REGION=us-east-1\n\n# mine\n  AWS_ACCOUNT_ID={account}\n")
    assert said == (
        f"{tmp_path}/.env: 1 setting needs your attention. Nothing was created or changed.\n\n"
        f"  AWS_ACCOUNT_ID (line 4): '{account}' is not an AWS account id, which has 12 digits.\n"
        "      -> aws sts get-caller-identity --query Account --output text"
    )


@pytest.mark.parametrize("region", ["us-esat-1", "us-east-1a", "US-EAST-1"])
def test_a_bad_region(tmp_path: Path, region: str) -> None:
    said = report(tmp_path, f"AWS_ACCOUNT_ID=123456789012\nAWS_REGION={region}")
    assert f"AWS_REGION (line 2): '{region}' is not an AWS region" in said
    assert "us-east-1" in said.partition("did you mean")[2]


class TestTogether:
    def test_all_problems_are_reported_at_once_in_the_order_of_the_file(
        self, tmp_path: Path
    ) -> None:
        said = report(
            tmp_path,
            "AWS_REGION=us-esat-1\n"
            "what is this\n"
            "AWS_SUBNET_CIDR=10.9.0.0/24\n"
            "MODEL_REF=v1\n"
            "FOO=1\n"
            "CG_API_KEY=x\n"
            "LOG_RETENTION_DAYS=31\n"
            "LOG_RETENTION_DAYS=30\n",
        )
        assert "9 settings need" in said
        heads = [line.partition(":")[0].strip() for line in said.splitlines() if line[2:3].strip()]
        assert heads[1:] == [
            "AWS_ACCOUNT_ID",
            "AWS_REGION (line 1)",
            "line 2",
            "AWS_SUBNET_CIDR (line 3)",
            "MODEL_REF (line 4)",
            "FOO (line 5)",
            "CG_API_KEY (line 6)",
            "LOG_RETENTION_DAYS (line 7)",
            "LOG_RETENTION_DAYS (line 8)",
        ]

    def test_no_second_error_because_of_a_first(self, tmp_path: Path) -> None:
        said = report(tmp_path, "AWS_ACCOUNT_ID=1\nAWS_REGION=x\nAWS_VPC_CIDR=x\nMODEL_PORT=x")
        assert "4 settings need" in said

    @pytest.mark.parametrize(
        "lines",
        [
            "MODEL_REPO=x\nMODEL_REF=v1",
            "ALLORA_WORKER_IMAGE=X\nBOOT_NODES=/dns4/h.example/tcp/9010/p2p/" + PEER,
            "AWS_VPC_ID=x\nAWS_SUBNET_ID=subnet-01234567",
            "EDGE_DATA_VOL_TYPE=x\nEDGE_DATA_VOL_SIZE=20\nEDGE_DATA_VOL_IOPS=3000",
            "AWS_INSTANCE_TYPE=x\nEDGE_DATA_VOL_TYPE=instance-store",
            "AWS_INSTANCE_CPU_TYPE=x\nAWS_INSTANCE_TYPE=t4g.medium",
            "ALLORA_NETWORK=x",
            f"ALLORA_NETWORK={MNEMONIC!r}",
        ],
    )
    def test_no_cross_check_with_a_bad_setting(self, tmp_path: Path, lines: str) -> None:
        assert "1 setting needs" in report(tmp_path, REQUIRED + lines)

    def test_a_missing_setting(self, tmp_path: Path) -> None:
        said = report(tmp_path, "AWS_ACCOUNT_ID=123456789012\n")
        assert "AWS_REGION: is required, and not set." in said
        assert "-> AWS_REGION=us-east-1" in said

    def test_without_a_file_the_error_tells_how_to_begin(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr("settings.loader.PROJECT", tmp_path)
        with pytest.raises(SettingsError, match=r"there is no \.env file here") as caught:
            load_settings(environ={"LOG_RETENTION_DAYS": "31"})
        assert "AWS_ACCOUNT_ID: is required" in str(caught.value)
        assert "allora init, which makes one" in str(caught.value)
        assert "LOG_RETENTION_DAYS (environment): '31'" in str(caught.value)


class TestFile:
    def test_not_utf8(self, tmp_path: Path) -> None:
        said = report(tmp_path, (REQUIRED + "ALLORA_WORKER_NAME=grüße").encode("latin-1"))
        assert "line 3: this is not UTF-8 text." in said
        assert "save the file as UTF-8" in said

    def test_a_line_that_is_no_setting(self, tmp_path: Path) -> None:
        said = report(tmp_path, REQUIRED + f"\n\n{CANARY} and more\n{CANARY}\n")
        assert "line 5: this is not KEY=VALUE." in said
        assert "line 6: this is not KEY=VALUE." in said
        assert CANARY not in said

    def test_after_an_unclosed_quote_nothing_is_guessed(self, tmp_path: Path) -> None:
        said = report(tmp_path, f'FOO=1\n\nMODEL_ENV_VARS=\'\nTOKEN="{CANARY}"\nX=1\n{REQUIRED}')
        assert "2 settings need" in said
        assert "FOO (line 1)" in said
        assert "line 3: this value has a quote that is not closed" in said
        assert CANARY not in said

    def test_a_folder(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match="cannot be read: Is a directory"):
            load_settings(tmp_path, {})


class TestSecrets:
    @pytest.mark.parametrize(
        ("name", "remedy"),
        [
            ("ALLORA_WALLET_ADDRESS_RESTORE_MNEMONIC", "allora wallet import"),
            ("ALLORA_ACCOUNT_MNEMONIC", "allora wallet import"),
            ("ALLORA_API_KEY", "allora secret set api-key"),
            ("ALLORA_INFERENCE_TOKEN", "allora secret set inference-token"),
            ("AWS_ACCESS_KEY_ID", "aws configure"),
            ("AWS_SECRET_ACCESS_KEY", "aws sso login"),
            ("AWS_SESSION_TOKEN", "AWS_PROFILE"),
            ("CG_API_KEY", "allora secret set model/CG_API_KEY"),
            ("cg_api_key", "MODEL_SECRETS"),
            ("HF_TOKEN", "MODEL_SECRETS"),
            ("DB_PASSWORD", "MODEL_SECRETS"),
            ("CLIENT_SECRET_VALUE", "MODEL_SECRETS"),
            ("GOOGLE_APPLICATION_CREDENTIALS", "MODEL_SECRETS"),
            ("SSH_PASSPHRASE", "MODEL_SECRETS"),
            ("DB_PASS", "MODEL_SECRETS"),
            ("APIKEY", "MODEL_SECRETS"),
            ("WALLET_PRIVATE_KEY", "MODEL_SECRETS"),
            ("ALLORA_WALLET_PRIVATE_KEY", "remove the line"),
        ],
    )
    def test_a_secret_by_its_name(self, tmp_path: Path, name: str, remedy: str) -> None:
        said = report(tmp_path, f"{REQUIRED}{name}={CANARY}")
        assert "1 setting needs" in said
        assert f"{name} (line 3): is a secret" in said
        assert remedy in said
        assert CANARY not in said

    def test_secrets_of_the_model(self, tmp_path: Path) -> None:
        variables = f'TOKEN="ETH"\nCG_API_KEY="{CANARY}"\nDB_PASSWORD={CANARY}'
        said = report(tmp_path, f"{REQUIRED}MODEL_ENV_VARS='\n{variables}\n'")
        assert "MODEL_ENV_VARS (line 3): holds CG_API_KEY and DB_PASSWORD" in said
        assert "allora secret set model/CG_API_KEY" in said
        assert "allora secret set model/DB_PASSWORD" in said
        assert CANARY not in said

    @pytest.mark.parametrize("variable", ["ALLORA_WORKER_NAME", "AWS_ACCOUNT_ID", "ALARM_EMAIL"])
    @pytest.mark.parametrize(
        ("value", "kind"),
        [
            (MNEMONIC, "a wallet mnemonic"),
            (" ".join(["zebra"] * 24), "a wallet mnemonic"),
            ("-----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY-----", "a private key"),
            ("AKIAIOSFODNN7EXAMPLE", "an AWS access key"),
            (f"ghp_{'a1' * 18}", "a GitHub token"),
            (f"CG-{'a1B' * 8}", "a CoinGecko API key"),
        ],
    )
    def test_a_secret_by_its_look(
        self, tmp_path: Path, variable: str, value: str, kind: str
    ) -> None:
        rest = "".join(line for line in REQUIRED.splitlines(keepends=True) if variable not in line)
        said = report(tmp_path, f'{rest}{variable}="{value}"')
        assert "1 setting needs" in said
        assert f"looks like {kind}" in said
        assert value not in said
        assert value.rsplit(maxsplit=1)[-1] not in said

    @pytest.mark.parametrize(
        "text",
        [f"P='{MNEMONIC}'", 'P="-----BEGIN PRIVATE KEY-----\nMHc\n-----END PRIVATE KEY-----"'],
    )
    def test_a_secret_by_its_look_in_the_models_variables(self, tmp_path: Path, text: str) -> None:
        inner = text.replace("'", "\\'")
        said = report(tmp_path, f"{REQUIRED}MODEL_ENV_VARS='{inner}'")
        assert "holds P" in said
        assert "abandon" not in said
        assert "MHc" not in said

    @pytest.mark.parametrize(
        "line",
        [
            f"MODEL_REPO=https://me:{CANARY}@github.com/a/b",
            f"MODEL_REPO=https://{CANARY}@github.com/a/b",
            f"ALLORA_WORKER_INFERENCE_ENDPOINT=http://m/x?api_key={CANARY}",
            f"ALLORA_GRPC_URL=grpc+https://u:{CANARY}@x.example",
            f"MODEL_SECRETS=CG_API_KEY={CANARY}",
            f"MODEL_SECRETS=A={CANARY},A={CANARY}",
            f"MODEL_ENV_VARS='{CANARY}'",
            f"MODEL_ENV_VARS='A=\"{CANARY}'",
            f"UNKNOWN={CANARY}",
            f"MODEL_ENV_VARS=MY_TOKEN={CANARY}",
        ],
    )
    def test_no_message_shows_it(self, tmp_path: Path, line: str) -> None:
        said = report(tmp_path, REQUIRED + line)
        assert "1 setting needs" in said
        assert CANARY not in said

    def test_no_warning_and_no_repr_shows_what_only_looks_like_one(self, tmp_path: Path) -> None:
        path = tmp_path / ".env"
        path.write_text(REQUIRED + "MODEL_ENV_VARS=A=1\nALLORA_WALLET_ADDRESS_KEY_NAME=" + CANARY)
        environ = {"MODEL_ENV_VARS": f"CG_API_KEY={CANARY}", "CG_API_KEY": CANARY}
        settings = load_settings(path, environ)
        assert "MODEL_ENV_VARS (line 3)" in settings.warnings[0]
        assert CANARY not in repr(settings) + "".join(settings.warnings)

    def test_no_warning_shows_a_secret_of_the_environment(self, tmp_path: Path) -> None:
        path = tmp_path / ".env"
        path.write_text(REQUIRED + "ALLORA_WORKER_NAME=a")
        (warning,) = load_settings(path, {"ALLORA_WORKER_NAME": MNEMONIC}).warnings
        assert "differs from the environment" in warning
        assert "abandon" not in warning

    def test_the_model_itself_does_not_show_its_input(self) -> None:
        with pytest.raises(ValidationError) as caught:
            Settings.model_validate({"AWS_ACCOUNT_ID": CANARY})
        assert CANARY not in str(caught.value)

    def test_a_public_key_is_no_secret(self, tmp_path: Path) -> None:
        path = tmp_path / ".env"
        path.write_text(REQUIRED + "MODEL_ENV_VARS=SIGNER_PUBLIC_KEY=abc")
        assert load_settings(path, {}).model_env == {"SIGNER_PUBLIC_KEY": "abc"}

    def test_the_shells_own_secrets_are_not_our_business(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr("settings.loader.PROJECT", tmp_path)
        environ = {
            "AWS_ACCOUNT_ID": "123456789012",
            "AWS_REGION": "us-east-1",
            "AWS_SECRET_ACCESS_KEY": CANARY,
            "ALLORA_ACCOUNT_MNEMONIC": CANARY,
        }
        settings = load_settings(environ=environ)
        assert settings.warnings == ()
        assert CANARY not in repr(settings)

    def test_the_traceback_does_not_carry_the_values(self, tmp_path: Path) -> None:
        path = tmp_path / ".env"
        path.write_text(f"{REQUIRED}MODEL_ENV_VARS=A_TOKEN={CANARY}")
        with pytest.raises(SettingsError) as caught:
            load_settings(path, {})
        assert caught.value.__context__ is None
