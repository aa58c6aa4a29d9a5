"""The settings as types: one field per variable, each with its meaning, default and limits.

The order of the fields is the order of docs/configuration.md, and the order of validation: a check
that concerns two settings belongs to the later one and is skipped when the earlier one is wrong.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from ipaddress import IPv4Network
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.config import JsonDict

from settings import checks, compute, ebs, sdk
from settings.catalogue import Architecture, InstanceType, catalogue
from settings.ebs import DataVolume
from settings.errors import fault, warn

SANDBOX_TOPIC = 69
"""Testnet's open topic (BTC/USD in a day), without whitelist or penalty
(https://docs.allora.network/api/topics.json)."""

API_URLS = {
    "testnet": "https://allora-api.testnet.allora.network",
    "mainnet": "https://allora-api.mainnet.allora.network",
}
"""The REST endpoints of Allora's networks (https://docs.allora.network/reference/networks)."""

HUNDRED_TRANSACTIONS = {
    "testnet": Decimal("0.00000000075"),
    "mainnet": Decimal("0.01875"),
}
"""What a hundred transactions cost, in ALLO: 100 times what the SDK wants in the wallet before it
sends one, which is 300,000 gas × the network's lowest price (10 uallo on testnet, 250,000,000 on
mainnet) × 2.5 for its highest fee tier; an ALLO has 10^18 uallo
(config.py, tx_manager.py in https://github.com/allora-network/allora-sdk-py)."""

SUBMISSION_FEE = Decimal("0.0003")
"""What a submission costs on mainnet, in ALLO: 300,000 gas, which the SDK reckons with where it
cannot simulate, × the lowest price of 250,000,000 uallo × 3 × 1.5, the SDK's factors for a price
that rises and for its standard tier (as above)."""

DOCKER_BRIDGE = IPv4Network("172.17.0.0/16")
"""https://docs.docker.com/engine/network/#subnet-allocation"""

DEFAULT_PYTHON_IMAGE = (
    "public.ecr.aws/docker/library/python:3.13-slim"
    "@sha256:9d2e5553305c7c7b0097999bb17187c69b921ccd6bc9d40e4bb5ebe652c00285"
)
"""The official image, from where EC2 pulls it without Docker Hub's limits
(https://gallery.ecr.aws/docker/library/python)."""

MODEL_HOSTS = ("model", "source", "inference")
"""Names of the model server in the network of the containers."""


def _variable(
    section: str,
    name: str,
    description: str,
    *,
    example: str,
    default: Any = ...,  # noqa: ANN401 - of the field's own type
    default_factory: Callable[[dict[str, Any]], Any] | None = None,
    default_text: str | None = None,
    validate_default: bool = False,
) -> Any:  # noqa: ANN401 - of the field's own type
    """Declare one variable; what is said here is what docs/configuration.md shows.

    Args:
        section: Heading that it belongs under.
        name: Name of the variable.
        description: Meaning and limits, one or two sentences.
        example: A valid value, as it is written in the file.
        default: Value when the variable is not set; without one it is required.
        default_factory: Makes the default from the fields before this one.
        default_text: How the documentation writes the default, where `default` does not say it.
        validate_default: Whether the field's cross-checks apply to the default too.
    """
    documentation: JsonDict = {"section": section, "default_text": default_text}
    if default_factory:
        return Field(
            alias=name,
            description=description,
            examples=[example],
            json_schema_extra=documentation,
            default_factory=default_factory,
        )
    return Field(
        alias=name,
        description=description,
        examples=[example],
        json_schema_extra=documentation,
        default=default,
        validate_default=validate_default,
    )


def _default_subnet(data: dict[str, Any]) -> str:
    """The first /24 of the VPC, or all of a VPC that is no larger."""
    vpc = IPv4Network(data["vpc_cidr"])
    return str(vpc if vpc.prefixlen >= 24 else next(vpc.subnets(new_prefix=24)))  # noqa: PLR2004


_IMAGE_TEXT = Annotated[str, BeforeValidator(checks.image)]
_REGION = Annotated[str, BeforeValidator(checks.region)]
_CIDR = Annotated[str, BeforeValidator(checks.aws_cidr)]
_WORKER_NAME = checks.matching(
    r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}",
    "is not a name for a worker: at most 32 letters, digits and . _ -, a letter or digit first.",
    "ALLORA_WORKER_NAME=my-worker",
)


class Settings(BaseModel):
    """Everything that a deployment can be told, checked and complete.

    Make one with `settings.load_settings`. Attributes are named after what they are; the variable
    that sets each, its meaning, default and limits are in its `Field` (docs/configuration.md).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    # AWS account
    aws_account_id: Annotated[
        str,
        BeforeValidator(
            checks.matching(
                r"[0-9]{12}",
                "is not an AWS account id, which has 12 digits.",
                "aws sts get-caller-identity --query Account --output text",
            )
        ),
    ] = _variable(
        "AWS account",
        "AWS_ACCOUNT_ID",
        "The account to deploy to: 12 digits. Credentials of any other account are refused.",
        example="123456789012",
    )
    aws_region: _REGION = _variable(
        "AWS account", "AWS_REGION", "The region to deploy to.", example="us-east-1"
    )
    aws_profile: Annotated[
        str | None,
        BeforeValidator(
            checks.matching(
                r"[^\x00-\x1f\x7f\]]{1,128}",
                "is not the name of an AWS profile.",
                "aws configure list-profiles",
            )
        ),
    ] = _variable(
        "AWS account",
        "AWS_PROFILE",
        "The profile of `~/.aws/config` to use, when set in the file. "
        "One in the environment works as with every AWS tool.",
        default=None,
        default_text="the AWS tools' own choice",
        example="my-sso-profile",
    )
    name_prefix: Annotated[
        str,
        BeforeValidator(
            checks.matching(
                r"(?!(?i:sg-))[A-Za-z][A-Za-z0-9-]{0,31}",
                "is not a prefix for names: at most 32 letters, digits and hyphens, a letter "
                "first, and not sg-, which AWS keeps for itself.",
                "AWS_RESOURCE_NAME_PREFIX=allora-worker",
            )
        ),
    ] = _variable(
        "AWS account",
        "AWS_RESOURCE_NAME_PREFIX",
        "Begins the name of everything that is created. At most 32 letters, digits and hyphens; "
        "a letter first; not `sg-`.",
        default="allora-worker",
        example="AlloraWorkerx",
    )

    # Terraform state
    state_bucket: Annotated[str, BeforeValidator(checks.bucket_name)] = _variable(
        "Terraform state",
        "TF_STATE_BUCKET",
        "The S3 bucket for Terraform's state. "
        "A second worker in the same account and region needs a bucket of its own, and its own "
        "`ALLORA_WORKER_NAME` and `AWS_RESOURCE_NAME_PREFIX`: otherwise it takes over the first "
        "one's secrets, logs and alarms.",
        default_factory=lambda data: (
            f"allora-tfstate-{data['aws_account_id']}-{data['aws_region']}"
        ),
        default_text="`allora-tfstate-<AWS_ACCOUNT_ID>-<AWS_REGION>`",
        example="my-company-tfstate",
    )
    state_region: _REGION = _variable(
        "Terraform state",
        "TF_STATE_REGION",
        "The region of that bucket.",
        default_factory=lambda data: data["aws_region"],
        default_text="`AWS_REGION`",
        example="eu-west-1",
    )

    # Network
    vpc_id: Annotated[
        str | None,
        BeforeValidator(
            checks.matching(
                r"vpc-(?:[0-9a-f]{8}|[0-9a-f]{17})",
                "is not the id of a VPC.",
                "aws ec2 describe-vpcs --query Vpcs[].VpcId",
            )
        ),
    ] = _variable(
        "Network",
        "AWS_VPC_ID",
        "An existing VPC to deploy to, together with `AWS_SUBNET_ID`.",
        default=None,
        default_text="a new VPC",
        example="vpc-0123456789abcdef0",
    )
    subnet_id: Annotated[
        str | None,
        BeforeValidator(
            checks.optional(
                checks.matching(
                    r"subnet-(?:[0-9a-f]{8}|[0-9a-f]{17})",
                    "is not the id of a subnet.",
                    "aws ec2 describe-subnets --query Subnets[].SubnetId",
                )
            )
        ),
    ] = _variable(
        "Network",
        "AWS_SUBNET_ID",
        "An existing public subnet of that VPC: one with a route to an internet gateway.",
        default=None,
        default_text="a new subnet",
        example="subnet-0123456789abcdef0",
        validate_default=True,
    )
    vpc_cidr: _CIDR = _variable(
        "Network",
        "AWS_VPC_CIDR",
        "The addresses of the new VPC: a private IPv4 network from /16 to /28.",
        default="10.0.0.0/16",
        example="10.20.0.0/16",
    )
    subnet_cidr: _CIDR = _variable(
        "Network",
        "AWS_SUBNET_CIDR",
        "The addresses of the new subnet: a part of the VPC's, from /16 to /28.",
        default_factory=_default_subnet,
        default_text="the first /24 of `AWS_VPC_CIDR`",
        example="10.0.8.0/24",
    )
    availability_zone: str | None = _variable(
        "Network",
        "AWS_AVAILABILITY_ZONE",
        "The availability zone of the new subnet. A change replaces the host and a data volume.",
        default=None,
        default_text="one that offers `AWS_INSTANCE_TYPE`",
        example="us-east-1b",
    )
    ingress_cidrs: Annotated[tuple[str, ...], BeforeValidator(checks.ingress_cidrs)] = _variable(
        "Network",
        "ALLORA_INGRESS_CIDRS",
        "Who may reach `ALLORA_WORKER_PORT`: IPv4 networks, separated by commas, or `none`.",
        default=("0.0.0.0/0",),
        default_text="`0.0.0.0/0`",
        example="203.0.113.0/24,198.51.100.7/32",
    )
    worker_port: Annotated[int, BeforeValidator(checks.whole_number(1024, 65535))] = _variable(
        "Network",
        "ALLORA_WORKER_PORT",
        "The TCP port of the host that leads to the worker's port 9010. From 1024 to 65535.",
        default=9010,
        example="9443",
    )

    # Instance
    cpu_type: Annotated[
        Architecture | None,
        BeforeValidator(
            checks.one_of("x86_64", "ARM_64", aliases={"ARM_64": "arm64", "arm64": "arm64"})
        ),
    ] = _variable(
        "Instance",
        "AWS_INSTANCE_CPU_TYPE",
        "`x86_64` or `ARM_64`: checked against `AWS_INSTANCE_TYPE`. "
        "Only needed for an instance family that is newer than this release.",
        default=None,
        default_text="that of `AWS_INSTANCE_TYPE`",
        example="x86_64",
    )
    instance_type: str = _variable(
        "Instance",
        "AWS_INSTANCE_TYPE",
        "The EC2 instance type. Allora advises 2 to 4 GB of memory; less than 1 GiB is refused.",
        default="t3.medium",
        example="m7i.large",
        validate_default=True,
    )
    ami_id: Annotated[
        str | None,
        BeforeValidator(
            checks.matching(
                r"ami-(?:[0-9a-f]{8}|[0-9a-f]{17})",
                "is not the id of a machine image.",
                "ami- and 17 hexadecimal digits; it must be Ubuntu 24.04",
            )
        ),
    ] = _variable(
        "Instance",
        "AWS_AMI_ID",
        "An Ubuntu 24.04 image of your own choice, of the instance's architecture.",
        default=None,
        default_text="Canonical's current image at the first deployment",
        example="ami-0123456789abcdef0",
    )
    root_volume_size: Annotated[int, BeforeValidator(checks.whole_number(20, 16384, "GiB"))] = (
        _variable(
            "Instance",
            "AWS_ROOT_VOLUME_SIZE",
            "The size of the root volume in GiB. From 20 to 16384.",
            default=30,
            example="50",
        )
    )

    reboot_time: Annotated[
        str,
        BeforeValidator(
            checks.matching(
                r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|never",
                "is neither a time of day nor never.",
                "hours and minutes in UTC, as in 04:30",
            )
        ),
    ] = _variable(
        "Instance",
        "HOST_REBOOT_TIME",
        "The time of day, in UTC, at which the host restarts when a security update needs it; "
        "`never`: updates are installed and wait for you to restart it. The worker comes back by "
        "itself, after a minute or two.",
        default="04:30",
        example="23:15",
    )

    # Data volume
    data_volume_type: Annotated[
        Literal["none", "gp3", "io1", "io2", "instance-store"],
        BeforeValidator(checks.one_of("none", "gp3", "io1", "io2", "instance-store")),
    ] = _variable(
        "Data volume",
        "EDGE_DATA_VOL_TYPE",
        "A disk for the worker's data apart from the root volume: `gp3`, `io1`, `io2` (EBS, which "
        "survives the instance), `instance-store` (which does not survive a stop) or `none`.",
        default="none",
        example="gp3",
    )
    data_volume_size: Annotated[
        int | None, BeforeValidator(checks.whole_number(1, 65536, "GiB"))
    ] = _variable(
        "Data volume",
        "EDGE_DATA_VOL_SIZE",
        "Its size in GiB. gp3: 1 to 65536, io1: 4 to 16384, io2: 4 to 65536.",
        default=None,
        default_text=f"`{ebs.DEFAULT_SIZE_GIB}`",
        example="256",
    )
    data_volume_iops: Annotated[
        int | None, BeforeValidator(checks.whole_number(100, 256000, "IOPS"))
    ] = _variable(
        "Data volume",
        "EDGE_DATA_VOL_IOPS",
        "Its provisioned IOPS. gp3: 3000 to 80000, and at most 500 per GiB; "
        "io1: 100 to 64000, 50 per GiB; io2: 100 to 256000, 1000 per GiB.",
        default=None,
        default_text=f"`{ebs.DEFAULT_IOPS}`, or what the size allows",
        example="3000",
    )
    data_volume_throughput: Annotated[
        int | None, BeforeValidator(checks.whole_number(*ebs.THROUGHPUT_MIB_S, "MiB/s"))
    ] = _variable(
        "Data volume",
        "EDGE_DATA_VOL_THROUGHPUT",
        "Its throughput in MiB/s. gp3 only: 125 to 1000, and at most 0.25 per IOPS.",
        default=None,
        default_text=f"`{ebs.DEFAULT_THROUGHPUT_MIB_S}`",
        example="125",
    )

    # Worker
    allora_network: Annotated[
        Literal["testnet", "mainnet"], BeforeValidator(checks.one_of("testnet", "mainnet"))
    ] = _variable(
        "Worker",
        "ALLORA_NETWORK",
        "The Allora network: `testnet` or `mainnet`.",
        default="testnet",
        example="mainnet",
    )
    worker_name: Annotated[str, BeforeValidator(_WORKER_NAME)] = _variable(
        "Worker",
        "ALLORA_WORKER_NAME",
        "The name of this worker, in the paths of its secrets (`/allora/<name>/…`) and of its log "
        "groups. At most 32 letters, digits and `.` `_` `-`.",
        default="worker",
        example="my-btc-worker",
    )
    topic_ids: tuple[int, ...] = _variable(
        "Worker",
        "ALLORA_WORKER_TOPIC_ID",
        "The topics to serve: numbers, separated by commas.",
        default="",
        default_text=f"`{SANDBOX_TOPIC}` on testnet; required on mainnet",
        example="42,77",
        validate_default=True,
    )
    worker_token: Annotated[
        str,
        BeforeValidator(
            checks.matching(
                r"(?!\.+\Z)[A-Za-z0-9._-]{1,64}",
                "is not a token: at most 64 letters, digits and . _ -, and not dots alone",
                "ALLORA_WORKER_TOKEN=BTC",
            )
        ),
    ] = _variable(
        "Worker",
        "ALLORA_WORKER_TOKEN",
        "What the model is asked about, as in `/inference/BTC`. Not a secret.",
        default="BTC",
        example="ETH",
    )
    worker_role: Annotated[
        str, BeforeValidator(checks.one_of("inferer", "forecaster", "reputer"))
    ] = _variable(
        "Worker",
        "ALLORA_WORKER_ROLE",
        "What the worker submits: `inferer` the model's inferences, `forecaster` the losses that "
        "it predicts for the inferers, `reputer` the losses that they had.",
        default="inferer",
        example="forecaster",
    )
    # declared here, because the defaults of the endpoints need it
    model_port: Annotated[int, BeforeValidator(checks.whole_number(1, 65535))] = _variable(
        "Model server",
        "MODEL_PORT",
        "The port that the model server listens on inside its container.",
        default=8000,
        example="8080",
    )
    inference_endpoint: Annotated[
        str | None, BeforeValidator(checks.optional(checks.inference_endpoint))
    ] = _variable(
        "Worker",
        "ALLORA_WORKER_INFERENCE_ENDPOINT",
        "The URL that the worker asks for an inference; "
        "`{Token}`, `{TopicId}` and `{BlockHeight}` are replaced.",
        default=None,
        default_text="`http://model:<MODEL_PORT>/inference/{Token}`, for the project's own model "
        "with `?topic_id={TopicId}`",
        example="http://source:8000/inference/{Token}",
    )
    forecast_endpoint: Annotated[str, BeforeValidator(checks.inference_endpoint)] = _variable(
        "Worker",
        "ALLORA_WORKER_FORECAST_ENDPOINT",
        "The URL that a forecaster asks: it answers a JSON object of inferers' addresses and the "
        "losses predicted for them. Same placeholders.",
        default_factory=lambda data: (
            f"http://model:{data['model_port']}/forecast/{{Token}}"
            "?topic_id={TopicId}&block_height={BlockHeight}"
        ),
        default_text="`http://model:<MODEL_PORT>/forecast/{Token}`, with topic and block height "
        "as query",
        example="http://model:8000/losses/{TopicId}",
    )
    ground_truth_endpoint: Annotated[str, BeforeValidator(checks.inference_endpoint)] = _variable(
        "Worker",
        "ALLORA_WORKER_GROUND_TRUTH_ENDPOINT",
        "The URL that a reputer asks: it answers the value that came true. Same placeholders.",
        default_factory=lambda data: (
            f"http://model:{data['model_port']}/ground-truth/{{Token}}"
            "?topic_id={TopicId}&block_height={BlockHeight}"
        ),
        default_text="`http://model:<MODEL_PORT>/ground-truth/{Token}`, with topic and block "
        "height as query",
        example="http://model:8000/truth/{Token}/{BlockHeight}",
    )
    sdk_version: Annotated[str, BeforeValidator(sdk.known_version)] = _variable(
        "Worker",
        "ALLORA_SDK_VERSION",
        "The version of the Allora SDK in the project's own worker. When the network moves on and "
        "refuses the worker, a newer one helps: `make lock-worker SDK=<version>` makes it known.",
        default=sdk.DEFAULT_VERSION,
        example="1.3.0",
    )
    python_image: _IMAGE_TEXT = _variable(
        "Worker",
        "ALLORA_PYTHON_IMAGE",
        "The image that the project's own worker and model are built on: Python 3.12 or newer on "
        "Debian. For accounts that pull from a registry of their own.",
        default=DEFAULT_PYTHON_IMAGE,
        default_text="Python 3.13 from the ECR Public Gallery, by digest",
        example="registry.example.com/python:3.13-slim",
    )
    worker_image: _IMAGE_TEXT | None = _variable(
        "Worker",
        "ALLORA_WORKER_IMAGE",
        "A worker image of your own, best by digest. It listens on 9010, and runs as user 10001 "
        "with a read-only root file system, 64 MB in `/tmp`, 512 MB of memory and no capabilities.",
        default=None,
        default_text="the project's own worker",
        example="ghcr.io/you/allora-worker:1.0.0",
    )
    boot_nodes: Annotated[str | None, BeforeValidator(checks.boot_nodes)] = _variable(
        "Worker",
        "BOOT_NODES",
        "Head nodes for a worker image that joins some: multiaddresses, separated by commas. "
        "Given to the worker as it is.",
        default=None,
        default_text="none",
        example="/dns4/heads.example.com/tcp/9010/p2p/"
        "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp",
    )
    grpc_url: Annotated[str | None, BeforeValidator(checks.grpc_url)] = _variable(
        "Worker",
        "ALLORA_GRPC_URL",
        "Another gRPC endpoint of the chain: `grpc+https://host:443`.",
        default=None,
        default_text="that of `ALLORA_NETWORK`",
        example="grpc+https://allora-grpc.testnet.allora.network:443",
    )
    websocket_url: Annotated[str | None, BeforeValidator(checks.websocket_url)] = _variable(
        "Worker",
        "ALLORA_WEBSOCKET_URL",
        "Another websocket of the chain's RPC: `wss://host/websocket`.",
        default=None,
        default_text="that of `ALLORA_NETWORK`",
        example="wss://allora-rpc.testnet.allora.network/websocket",
    )
    api_url: Annotated[str, BeforeValidator(checks.api_url)] = _variable(
        "Worker",
        "ALLORA_API_URL",
        "Another REST endpoint of the chain: `https://host`. `allora` asks it about the wallet's "
        "balance and the topics; the worker does not.",
        default_factory=lambda data: API_URLS[data["allora_network"]],
        default_text="that of `ALLORA_NETWORK`",
        example="https://allora-api.testnet.allora.network",
    )
    max_fee: Annotated[Decimal, BeforeValidator(checks.price_in_allo)] = _variable(
        "Worker",
        "ALLORA_MAX_FEE",
        "The most that the worker pays for a transaction, in ALLO: it signs none with a higher "
        f"fee, whatever the chain's endpoint says. A submission costs about {SUBMISSION_FEE:f} on "
        "mainnet today, a thirtieth of the default, and next to nothing on testnet.",
        default=Decimal("0.01"),
        example="0.05",
    )
    max_daily_fees: Annotated[Decimal, BeforeValidator(checks.price_in_allo)] = _variable(
        "Worker",
        "ALLORA_MAX_DAILY_FEES",
        "The most that it pays for all transactions of 24 hours, in ALLO, registrations and "
        "failures included; at least `ALLORA_MAX_FEE`. The default is about 3,000 submissions "
        "at today's fee on mainnet: ten topics with a window every five minutes.",
        default="1",
        example="5",
        validate_default=True,
    )

    # Model server
    model_repo: Annotated[str | None, BeforeValidator(checks.model_repo)] = _variable(
        "Model server",
        "MODEL_REPO",
        "A public git repository with a Dockerfile that is built on the host: an https URL.",
        default=None,
        default_text="the project's own model (docs/model.md)",
        example="https://github.com/allora-network/basic-coin-prediction-node",
    )
    model_ref: Annotated[str | None, BeforeValidator(checks.git_ref)] = _variable(
        "Model server",
        "MODEL_REF",
        "The branch, tag or commit (all 40 digits) of that repository.",
        default=None,
        default_text="the repository's default branch",
        example="v1.2.0",
    )
    model_image: _IMAGE_TEXT | None = _variable(
        "Model server",
        "MODEL_IMAGE",
        "An image of a model server, in place of `MODEL_REPO`; best by digest.",
        default=None,
        default_text="none",
        example="ghcr.io/you/model:1.4.0",
    )
    model_command: Annotated[str | None, BeforeValidator(checks.model_command)] = _variable(
        "Model server",
        "MODEL_COMMAND",
        "The command of the model's container, in place of its image's own; in words, as for a "
        "shell, but without one.",
        default=None,
        default_text="that of the image",
        example="python -u /app/app.py",
    )
    model_env: Annotated[Mapping[str, str], PlainValidator(checks.model_env)] = _variable(
        "Model server",
        "MODEL_ENV_VARS",
        "The environment of the model server: `KEY=VALUE` lines, never a secret (see below).",
        default_factory=lambda _: MappingProxyType({}),
        default_text="empty",
        example="'TOKEN=\"ETH\"'",
    )
    model_secrets: Annotated[tuple[str, ...], BeforeValidator(checks.variable_names)] = _variable(
        "Model server",
        "MODEL_SECRETS",
        "Names of secret variables for the model server, separated by commas. "
        "The values are set with `pipenv run allora secret set model/<NAME>`.",
        default=(),
        default_text="none",
        example="CG_API_KEY",
    )

    # Monitoring
    alarm_email: Annotated[
        str | None,
        BeforeValidator(
            checks.matching(
                r"[^@\s,;<>\"]{1,64}@(?:[A-Za-z0-9-]+\.)+[A-Za-z0-9-]{2,63}",
                "is not an e-mail address.",
                "one address, as in you@example.com",
            )
        ),
    ] = _variable(
        "Monitoring",
        "ALARM_EMAIL",
        "Where alarms are sent. AWS first sends a message with a link to confirm.",
        default=None,
        default_text="nobody is told",
        example="you@example.com",
    )
    alarm_missed_windows: Annotated[int, BeforeValidator(checks.whole_number(2, 1000))] = _variable(
        "Monitoring",
        "ALARM_MISSED_WINDOWS",
        "After how many windows of a topic without an accepted submission an alarm rings. From 2 "
        "to 1000. With a topic that has one window a day, 3 are three days.",
        default=3,
        example="2",
    )
    alarm_balance: Annotated[Decimal, BeforeValidator(checks.amount_of_allo)] = _variable(
        "Monitoring",
        "ALARM_BALANCE",
        "Below how many ALLO in the wallet an alarm rings; 0: never.",
        default_factory=lambda data: HUNDRED_TRANSACTIONS[data["allora_network"]],
        default_text=f"about 100 transactions: `{HUNDRED_TRANSACTIONS['testnet']:f}` on testnet, "
        f"`{HUNDRED_TRANSACTIONS['mainnet']:f}` on mainnet",
        example="0.5",
    )
    log_retention_days: Annotated[int, BeforeValidator(checks.retention_days)] = _variable(
        "Monitoring",
        "LOG_RETENTION_DAYS",
        "How many days CloudWatch keeps the logs: "
        + ", ".join(map(str, checks.LOG_RETENTION_DAYS))
        + ".",
        default=30,
        example="90",
    )

    warnings: tuple[str, ...] = Field(default=(), exclude=True, repr=False)
    """What the user should know although nothing is wrong; set by `load_settings`."""

    @property
    def partition(self) -> str:
        """The region's partition, as in ARNs: aws, aws-cn or aws-us-gov."""
        return catalogue().regions[self.aws_region]

    @property
    def instance(self) -> InstanceType | None:
        """The traits of the instance type; None for one that is newer than this release."""
        return catalogue().instance_types.get(self.instance_type)

    @property
    def architecture(self) -> Architecture:
        """The architecture of the instance's CPU."""
        if self.instance:
            return self.instance.architecture
        assert self.cpu_type is not None  # noqa: S101 - `_known_instance_type` demands it
        return self.cpu_type

    @property
    def data_volume(self) -> DataVolume | None:
        """The EBS volume for data; None for an instance store or for no data volume at all."""
        match self.data_volume_type:
            case "gp3" | "io1" | "io2" as volume_type:
                return ebs.data_volume(
                    volume_type,
                    self.data_volume_size,
                    self.data_volume_iops,
                    self.data_volume_throughput,
                )
            case _:
                return None

    @field_validator("state_region")
    @classmethod
    def _state_in_the_same_partition(cls, state_region: str, info: ValidationInfo) -> str:
        regions = catalogue().regions
        aws_region = info.data.get("aws_region", state_region)
        if regions[state_region] != regions[aws_region]:
            raise fault(
                f"is in another AWS partition than AWS_REGION ({aws_region}).",
                f"use a region of the partition {regions[aws_region]}",
            )
        return state_region

    @field_validator("subnet_id")
    @classmethod
    def _vpc_and_subnet_together(cls, subnet_id: str | None, info: ValidationInfo) -> str | None:
        if "vpc_id" not in info.data:
            return subnet_id
        if subnet_id and not info.data["vpc_id"]:
            raise fault("is set without AWS_VPC_ID.", "set both, or neither")
        if info.data["vpc_id"] and not subnet_id:
            raise fault(
                "is set without AWS_SUBNET_ID.", "set both, or neither", variable="AWS_VPC_ID"
            )
        return subnet_id

    @field_validator("vpc_cidr", "subnet_cidr")
    @classmethod
    def _no_cidr_for_an_existing_vpc(cls, cidr: str, info: ValidationInfo) -> str:
        if info.data.get("vpc_id"):
            raise fault(
                "is set together with AWS_VPC_ID, which has its own addresses.", "remove it"
            )
        return cidr

    @field_validator("vpc_cidr")
    @classmethod
    def _vpc_apart_from_docker(cls, cidr: str, info: ValidationInfo) -> str:
        if IPv4Network(cidr).overlaps(DOCKER_BRIDGE):
            warn(
                info,
                "AWS_VPC_CIDR",
                f"{cidr} overlaps {DOCKER_BRIDGE}, which Docker uses on the host.",
                "take another one, as in 10.0.0.0/16",
            )
        return cidr

    @field_validator("subnet_cidr")
    @classmethod
    def _subnet_inside_the_vpc(cls, cidr: str, info: ValidationInfo) -> str:
        vpc_cidr = info.data.get("vpc_cidr", cidr)
        if not IPv4Network(cidr).subnet_of(IPv4Network(vpc_cidr)):
            raise fault(f"is not inside the VPC ({vpc_cidr}).", "change AWS_VPC_CIDR, or this one")
        return cidr

    @field_validator("availability_zone")
    @classmethod
    def _zone_of_the_region(cls, zone: str, info: ValidationInfo) -> str:
        if info.data.get("subnet_id"):
            raise fault("is set together with AWS_SUBNET_ID, which is in a zone.", "remove it")
        region = info.data.get("aws_region")
        if region:
            checks.matching(
                rf"{region}[a-z]",
                f"is not an availability zone of {region}.",
                f"as in {region}a (a name, not an id such as use1-az1; local zones cannot be used)",
            )(zone)
        return zone

    @field_validator("instance_type")
    @classmethod
    def _known_instance_type(cls, name: str, info: ValidationInfo) -> str:
        if "cpu_type" not in info.data:
            return name
        compute.check_instance_type(name, info.data["cpu_type"], info)
        return name

    @field_validator("data_volume_type")
    @classmethod
    def _disks_of_the_instance(cls, volume_type: str, info: ValidationInfo) -> str:
        if volume_type != "none" and "instance_type" in info.data:
            compute.check_disks(info.data["instance_type"], volume_type)
        return volume_type

    @field_validator("data_volume_size", "data_volume_iops", "data_volume_throughput")
    @classmethod
    def _volume_setting_applies(cls, value: int, info: ValidationInfo) -> int | None:
        volume_type = info.data.get("data_volume_type")
        name = str(cls.model_fields[str(info.field_name)].alias)
        if volume_type == "none":
            raise fault(
                "is set, but there is no data volume.", "set EDGE_DATA_VOL_TYPE=gp3, or remove it"
            )
        if volume_type == "instance-store" or (
            volume_type in ("io1", "io2") and info.field_name == "data_volume_throughput"
        ):
            warn(info, name, f"{value} is ignored: {volume_type} has no such setting.")
            return None
        return value

    @field_validator("data_volume_size")
    @classmethod
    def _size_within_limits(cls, size: int | None, info: ValidationInfo) -> int | None:
        volume_type = info.data.get("data_volume_type")
        if volume_type in ebs.LIMITS and size is not None:
            ebs.check_size(volume_type, size)
        return size

    @field_validator("data_volume_iops")
    @classmethod
    def _iops_within_limits(cls, iops: int | None, info: ValidationInfo) -> int | None:
        volume_type = info.data.get("data_volume_type")
        if volume_type in ebs.LIMITS and iops is not None and "data_volume_size" in info.data:
            ebs.check_iops(volume_type, iops, info.data["data_volume_size"])
        return iops

    @field_validator("data_volume_throughput")
    @classmethod
    def _throughput_within_limits(cls, throughput: int | None, info: ValidationInfo) -> int | None:
        if throughput is not None and "data_volume_iops" in info.data:
            ebs.check_throughput(throughput, info.data["data_volume_iops"])
        return throughput

    @field_validator("topic_ids", mode="before")
    @classmethod
    def _topics_of_the_network(cls, text: str, info: ValidationInfo) -> tuple[int, ...]:
        if text:
            return checks.topic_ids(text)
        if info.data.get("allora_network") == "mainnet":
            raise fault(
                "is required on mainnet, and not set: mainnet has no topic to try things on.",
                "https://docs.allora.network/api/topics.json lists the topics",
            )
        return (SANDBOX_TOPIC,)

    @field_validator("inference_endpoint", "forecast_endpoint", "ground_truth_endpoint")
    @classmethod
    def _endpoint_leads_to_the_model(cls, endpoint: str, info: ValidationInfo) -> str:
        url = urlsplit(endpoint)
        port = info.data.get("model_port")
        name = str(cls.model_fields[str(info.field_name)].alias)
        if url.hostname in ("localhost", "127.0.0.1"):
            warn(
                info,
                name,
                f"{url.hostname} is the worker's own container, not the model server.",
                f"http://model:{port}/inference/{{Token}}",
            )
        elif url.hostname in MODEL_HOSTS and port and (url.port or 80) != port:
            warn(
                info,
                name,
                f"asks the model server on port {url.port or 80}, but MODEL_PORT is {port}.",
                "use the same port in both",
            )
        return endpoint

    @field_validator("worker_image", "model_image")
    @classmethod
    def _image_is_pinned(cls, reference: str, info: ValidationInfo) -> str:
        if checks.is_moving_image(reference):
            warn(
                info,
                str(cls.model_fields[str(info.field_name)].alias),
                f"{reference} can be another image at the next start.",
                "add a version or a digest, as in :1.4.0 or @sha256:…",
            )
        return reference

    @field_validator("boot_nodes")
    @classmethod
    def _boot_nodes_are_used(cls, boot_nodes: str, info: ValidationInfo) -> str:
        if not info.data.get("worker_image", "wrong"):
            warn(
                info,
                "BOOT_NODES",
                "the worker that comes with this project talks to the chain, not to head nodes.",
                "set ALLORA_WORKER_IMAGE to a worker that uses them, or remove it",
            )
        return boot_nodes

    @field_validator("grpc_url", "websocket_url")
    @classmethod
    def _endpoint_is_encrypted(cls, url: str, info: ValidationInfo) -> str:
        if urlsplit(url).scheme in ("grpc+http", "ws"):
            warn(
                info,
                str(cls.model_fields[str(info.field_name)].alias),
                f"{url} is not encrypted: what it answers can be forged on the way.",
                "use grpc+https:// and wss:// except on a network of your own",
            )
        return url

    @field_validator("max_daily_fees")
    @classmethod
    def _day_allows_a_transaction(cls, a_day: Decimal, info: ValidationInfo) -> Decimal:
        a_transaction = info.data.get("max_fee", a_day)
        if a_day < a_transaction:
            raise fault(
                f"is less than ALLORA_MAX_FEE ({a_transaction:f}), what one transaction may cost.",
                f"set it to {a_transaction:f} or more, or lower ALLORA_MAX_FEE",
            )
        return a_day

    @field_validator("model_ref")
    @classmethod
    def _ref_of_a_repository(cls, ref: str, info: ValidationInfo) -> str:
        if not info.data.get("model_repo", "wrong"):
            raise fault("is set without MODEL_REPO.", "set MODEL_REPO, or remove it")
        if checks.is_short_commit(ref):
            warn(
                info,
                "MODEL_REF",
                f"{ref} looks like a part of a commit's number, which git servers do not accept.",
                "write all 40 digits: git rev-parse " + ref,
            )
        return ref

    @model_validator(mode="after")
    def _repository_is_pinned(self, info: ValidationInfo) -> Self:
        if self.model_repo and not self.model_ref:
            warn(
                info,
                "MODEL_REPO",
                "the repository's default branch is built, whatever is in it on that day.",
                "pin it: set MODEL_REF to a tag or a commit",
            )
        return self

    @field_validator("model_image")
    @classmethod
    def _one_source_of_the_model(cls, image: str, info: ValidationInfo) -> str:
        if info.data.get("model_repo"):
            raise fault("is set together with MODEL_REPO.", "remove one of the two")
        return image

    @field_validator("model_secrets")
    @classmethod
    def _secret_or_setting(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        for name in names:
            if name in info.data.get("model_env", {}):
                raise fault(f"names {name}, which is in MODEL_ENV_VARS as well.", "remove it there")
        return names
