"""The worker: network, topics, endpoints and fee limits."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, ValidationInfo, field_validator

from containers.model_server.model_server import settings as own_model
from containers.worker.allora_worker import contract
from containers.worker.allora_worker.topic_facts import Facts, facts_of, token_for
from settings.checks import comma_list, one_of
from settings.errors import fault, warn
from settings.example_model import SYMBOLS, is_example
from settings.fit import MODEL_HOSTS, misfit, runs_own_model
from settings.sections.images import Image, warn_of_moving_image
from settings.shown import shown
from settings.variable import Section, variable
from shared.networks import NETWORKS, SUBMISSION_FEE, TESTNET

DEFAULT_SDK_VERSION = "1.3.0"
"""https://github.com/allora-network/allora-sdk-py/releases"""

DEFAULT_PYTHON_IMAGE = (
    "public.ecr.aws/docker/library/python:3.13-slim"
    "@sha256:9d2e5553305c7c7b0097999bb17187c69b921ccd6bc9d40e4bb5ebe652c00285"
)
"""The official image, without Docker Hub's pull limits
(https://gallery.ecr.aws/docker/library/python)."""

_LOCKS = Path(contract.__file__).parents[1] / "locks"
"""`<SDK version>.txt`: the packages of the worker's image, with hashes."""

_MULTIADDR = re.compile(
    r"/(?:ip4/[0-9.]+|(?:dns|dns4|dns6)/[A-Za-z0-9.-]+|ip6/[0-9a-fA-F:]+)"
    r"/tcp/[0-9]{1,5}(?:/wss?)?/p2p/[1-9A-HJ-NP-Za-km-z]{46,59}"
)
"""https://github.com/libp2p/specs/blob/master/addressing/README.md"""


def _inference_endpoint(data: dict[str, Any]) -> str:
    """Return the default; the project's own model is told what the topic asks for."""
    query = contract.OF_TOPIC if runs_own_model(data) else ""
    if data.get("model_forge"):
        query = contract.AT_BLOCK
    return contract.model_url("inference", data["model_port"]) + query


ModelEndpoint = Annotated[str, BeforeValidator(contract.model_endpoint)]
Fee = Annotated[Decimal, BeforeValidator(contract.fee)]


class WorkerSettings(Section):
    """The section "Worker"."""

    allora_network: Annotated[Literal["testnet", "mainnet"], one_of(*contract.NETWORKS)] = variable(
        "ALLORA_NETWORK",
        "The Allora network: `testnet` or `mainnet`.",
        default="testnet",
        example="mainnet",
    )
    worker_name: Annotated[str, BeforeValidator(contract.worker_name)] = variable(
        "ALLORA_WORKER_NAME",
        "The name of this worker, in the paths of its secrets (`/allora/<name>/…`) and of its log "
        "groups. At most 32 letters, digits and `.` `_` `-`.",
        default="worker",
        example="my-btc-worker",
    )
    topic_ids: tuple[int, ...] = variable(
        "ALLORA_WORKER_TOPIC_ID",
        "The topics to serve: numbers, separated by commas.",
        default="",
        default_text=f"`{TESTNET.sandbox_topic}` on testnet; required on mainnet",
        example="42,77",
        check_default=True,
    )

    @field_validator("topic_ids", mode="before")
    @classmethod
    def _topic_ids(cls, text: str, info: ValidationInfo) -> tuple[int, ...]:
        if text:
            return contract.topic_ids(text)
        if info.data.get("allora_network") == "mainnet":
            raise fault(
                "is required on mainnet, and not set: mainnet has no topic to try things on.",
                "https://docs.allora.network/api/topics.json lists the topics",
            )
        return (TESTNET.sandbox_topic,)

    @field_validator("topic_ids")
    @classmethod
    def _told_apart(cls, topics: tuple[int, ...], info: ValidationInfo) -> tuple[int, ...]:
        if len(topics) > 1 and info.data.get("model_forge"):
            warn(
                info,
                "one model answers for several topics: only a function of ctx can tell them apart.",
                "serve one topic, or use ctx.topic_id in the model",
                "MODEL_FORGE",
            )
        return topics

    worker_token: Annotated[str, BeforeValidator(contract.token)] | None = variable(
        "ALLORA_WORKER_TOKEN",
        "What the model is asked about in every topic, as in `/inference/BTC`. Not a secret. "
        "Without it each topic asks about its own coin. The project's own model knows symbols of "
        "coins: at most 10 letters and digits.",
        default=None,
        default_text="each topic's own coin; `BTC` where that is unknown",
        example="BTC",
        check_default=True,
    )

    @field_validator("worker_token")
    @classmethod
    def _known_to_the_own_model(cls, token: str | None, info: ValidationInfo) -> str | None:
        if token and runs_own_model(info.data):
            try:
                own_model.read_settings({"TOKEN": token})
            except own_model.SettingsError as error:
                raise fault(
                    "is nothing that the project's own model knows.",
                    f"{error.remedy}; or set MODEL_REPO or MODEL_IMAGE to a model that knows it",
                ) from None
            if symbol := SYMBOLS.get(token.lower()):
                message = f"{token} is a coin's name; the exchanges know its symbol."
                warn(info, message, f"ALLORA_WORKER_TOKEN={symbol}")
        return token

    @field_validator("worker_token")
    @classmethod
    def _known_to_the_example(cls, token: str | None, info: ValidationInfo) -> str | None:
        if not is_example(info.data.get("model_repo")):
            return token
        known = info.data.get("model_env", {}).get("TOKEN", "").upper()
        network = info.data.get("allora_network", "")
        for topic_id in info.data.get("topic_ids", ()) if known else ():
            asked = token_for(token, facts_of(network, topic_id))
            if asked.upper() != known:
                warn(
                    info,
                    f"the model answers to {known} alone, and the worker asks about {asked} in "
                    f"topic {topic_id}.",
                    f"ALLORA_WORKER_TOKEN={known}",
                    "MODEL_ENV_VARS",
                )
        return token

    @property
    def topic_facts(self) -> dict[int, Facts | None]:
        """What each topic asks for, as far as the stored list knows."""
        return {each: facts_of(self.allora_network, each) for each in self.topic_ids}

    @property
    def tokens(self) -> dict[int, str]:
        """What the model is asked about, by topic."""
        return {
            topic_id: token_for(self.worker_token, facts)
            for topic_id, facts in self.topic_facts.items()
        }

    worker_role: Annotated[str, one_of(*contract.Role)] = variable(
        "ALLORA_WORKER_ROLE",
        "What the worker submits: `inferer` the model's inferences, `forecaster` the losses that "
        "it predicts for the inferers, `reputer` the losses that they had.",
        default="inferer",
        example="forecaster",
    )

    @field_validator("worker_role")
    @classmethod
    def _forge_models_infer(cls, role: str, info: ValidationInfo) -> str:
        if not info.data.get("model_forge"):
            return role
        if role != contract.Role.INFERER:
            raise fault(
                "needs a model server of your own: MODEL_FORGE makes inferences.", "inferer"
            )
        return role

    inference_endpoint: ModelEndpoint = variable(
        "ALLORA_WORKER_INFERENCE_ENDPOINT",
        "The URL that the worker asks for an inference: a number, or in a topic with several "
        "labels a JSON object of numbers by label. "
        "`{Token}`, `{TopicId}`, `{BlockHeight}`, `{Kind}` (`price`, `log-return`, `volatility` or "
        "`classification`) and `{Horizon}` (`5min`, `8h`, `1d`) are replaced; the last two by "
        "nothing where they are unknown.",
        default_factory=_inference_endpoint,
        default_text="`http://model:<MODEL_PORT>/inference/{Token}`, for the project's own model "
        "with topic, kind and horizon as query, for `MODEL_FORGE` with topic and block height",
        example="http://source:8000/inference/{Token}",
        check_default=True,
    )

    @field_validator("inference_endpoint")
    @classmethod
    def _leads_to_a_model_that_fits(cls, endpoint: str, info: ValidationInfo) -> str:
        """Refuse topics that the model never serves; warn of another coin or horizon."""
        if info.data.get("worker_role", contract.Role.INFERER) != contract.Role.INFERER:
            return endpoint
        data = {**info.data, "inference_endpoint": endpoint}
        token = info.data.get("worker_token") or ""
        is_warned_of = token.lower() in SYMBOLS or is_example(info.data.get("model_repo"))
        for topic_id in info.data.get("topic_ids", ()):
            facts = facts_of(info.data.get("allora_network", ""), topic_id)
            found = misfit(data, topic_id, facts) if facts else None
            if found and found.is_hopeless:
                message = f"includes topic {topic_id}; it {found.message}."
                raise fault(message, found.remedy, found.variable)
            if found and not is_warned_of:
                warn(info, f"topic {topic_id} {found.message}.", found.remedy, found.variable)
        return endpoint

    forecast_endpoint: ModelEndpoint = variable(
        "ALLORA_WORKER_FORECAST_ENDPOINT",
        "The URL that a forecaster asks: it answers a JSON object of inferers' addresses and the "
        "losses predicted for them. Same placeholders.",
        default_factory=lambda data: (
            contract.model_url("forecast", data["model_port"]) + contract.AT_BLOCK
        ),
        default_text="`http://model:<MODEL_PORT>/forecast/{Token}`, with topic and block height "
        "as query",
        example="http://model:8000/losses/{TopicId}",
    )
    ground_truth_endpoint: ModelEndpoint = variable(
        "ALLORA_WORKER_GROUND_TRUTH_ENDPOINT",
        "The URL that a reputer asks: it answers the value that came true, and where the topic's "
        'loss needs it the standard deviation, as `{"value": 0.012, "std": 0.02}`. Same '
        "placeholders.",
        default_factory=lambda data: (
            contract.model_url("ground-truth", data["model_port"]) + contract.AT_BLOCK
        ),
        default_text="`http://model:<MODEL_PORT>/ground-truth/{Token}`, with topic and block "
        "height as query",
        example="http://model:8000/truth/{Token}/{BlockHeight}",
    )

    @field_validator("inference_endpoint", "forecast_endpoint", "ground_truth_endpoint")
    @classmethod
    def _leads_to_the_model(cls, endpoint: str, info: ValidationInfo) -> str:
        url = urlsplit(endpoint)
        port = info.data.get("model_port")
        if url.hostname in ("localhost", "127.0.0.1"):
            warn(
                info,
                f"{url.hostname} is the worker's own container, not the model server.",
                f"http://model:{port}/inference/{{Token}}",
            )
        elif url.hostname in MODEL_HOSTS and port and (url.port or 80) != port:
            warn(
                info,
                f"asks the model server on port {url.port or 80}, but MODEL_PORT is {port}.",
                "use the same port in both",
            )
        return endpoint

    sdk_version: str = variable(
        "ALLORA_SDK_VERSION",
        "The version of the Allora SDK in the project's own worker: `1.3.0`, or the pre-release "
        "`1.4.0rc4`, both tested. When the network moves on and refuses the worker, a newer one "
        "helps: `make lock-worker SDK=<version>` makes it known.",
        default=DEFAULT_SDK_VERSION,
        example="1.3.0",
    )

    @field_validator("sdk_version", mode="before")
    @classmethod
    def _locked_version(cls, text: str) -> str:
        """Refuse a version without a lock file: the host builds this one."""
        if not re.fullmatch(r"[0-9]+(?:\.[0-9]+)+(?:(?:a|b|rc)[0-9]+)?", text):
            raise fault("is not the number of a version.", f"as in {DEFAULT_SDK_VERSION}")
        if not (_LOCKS / f"{text}.txt").is_file():
            locked = ", ".join(sorted(lock.stem for lock in _LOCKS.glob("*.txt")))
            raise fault(
                f"has not been locked yet; {locked} has been.", f"run: make lock-worker SDK={text}"
            )
        return text

    python_image: Image = variable(
        "ALLORA_PYTHON_IMAGE",
        "The image that the project's own worker and model are built on: Python 3.12 or newer on "
        "Debian. For accounts that pull from a registry of their own.",
        default=DEFAULT_PYTHON_IMAGE,
        default_text="Python 3.13 from the ECR Public Gallery, by digest",
        example="registry.example.com/python:3.13-slim",
    )
    worker_image: Image | None = variable(
        "ALLORA_WORKER_IMAGE",
        f"A worker image of your own, best by digest. It listens on {contract.PORT}, and runs as "
        "user 10001 with a read-only root file system, 64 MB in `/tmp`, 512 MB of memory and no "
        "capabilities.",
        default=None,
        default_text="the project's own worker",
        example="ghcr.io/you/allora-worker:1.0.0",
    )

    @field_validator("worker_image")
    @classmethod
    def _pinned(cls, image: str, info: ValidationInfo) -> str:
        warn_of_moving_image(image, info)
        return image

    boot_nodes: str | None = variable(
        "BOOT_NODES",
        "Head nodes for a worker image that joins some: multiaddresses, separated by commas. "
        "Given to the worker as it is.",
        default=None,
        default_text="none",
        example="/dns4/heads.example.com/tcp/9010/p2p/"
        "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp",
    )

    @field_validator("boot_nodes", mode="before")
    @classmethod
    def _multiaddresses(cls, text: str) -> str:
        for address in comma_list(text):
            if not _MULTIADDR.fullmatch(address):
                raise fault(
                    f"has {shown(address)}, which is not the multiaddress of a head node.",
                    "as in /dns4/heads.example.com/tcp/9010/p2p/12D3KooW…",
                )
        return text

    @field_validator("boot_nodes")
    @classmethod
    def _used_by_the_image(cls, boot_nodes: str, info: ValidationInfo) -> str:
        if not info.data.get("worker_image", "wrong"):
            warn(
                info,
                "the worker that comes with this project talks to the chain, not to head nodes.",
                "set ALLORA_WORKER_IMAGE to a worker that uses them, or remove it",
            )
        return boot_nodes

    grpc_urls: Annotated[tuple[str, ...], BeforeValidator(contract.grpc_urls)] = variable(
        "ALLORA_GRPC_URL",
        "Another gRPC endpoint of the chain, `grpc+https://host:443`, or several, separated by "
        "commas: the worker uses the first one that works and knows the newest blocks.",
        default=(),
        default_text="that of `ALLORA_NETWORK`",
        example="grpc+https://allora-grpc.testnet.allora.network:443",
    )
    websocket_urls: Annotated[tuple[str, ...], BeforeValidator(contract.websocket_urls)] = variable(
        "ALLORA_WEBSOCKET_URL",
        "Another websocket of the chain's RPC, `wss://host/websocket`, or several, separated by "
        "commas.",
        default=(),
        default_text="that of `ALLORA_NETWORK`",
        example="wss://allora-rpc.testnet.allora.network/websocket",
    )

    @field_validator("grpc_urls", "websocket_urls")
    @classmethod
    def _encrypted(cls, urls: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        for url in urls:
            if urlsplit(url).scheme in ("grpc+http", "ws"):
                warn(
                    info,
                    f"{url} is not encrypted: what it answers can be forged on the way.",
                    "use grpc+https:// and wss:// except on a network of your own",
                )
        return urls

    api_url: str = variable(
        "ALLORA_API_URL",
        "Another REST endpoint of the chain: `https://host`. `allora` asks it about the wallet's "
        "balance and the topics, and sends transfers through it; the worker does not.",
        default_factory=lambda data: NETWORKS[data["allora_network"]].api_url,
        default_text="that of `ALLORA_NETWORK`",
        example="https://allora-api.testnet.allora.network",
    )

    @field_validator("api_url", mode="before")
    @classmethod
    def _host_and_path(cls, text: str) -> str:
        example = TESTNET.api_url
        parts = contract.url(text, ("https", "http"), example=example)
        if parts.query or parts.fragment:
            raise fault("has more than host and path.", example)
        return text.rstrip("/")

    max_fee: Fee = variable(
        "ALLORA_MAX_FEE",
        "The most that the worker pays for a transaction, in ALLO: it signs none with a higher "
        f"fee, whatever the chain's endpoint says. A submission costs about {SUBMISSION_FEE:f} on "
        "mainnet today, a thirtieth of the default, and next to nothing on testnet.",
        default=contract.DEFAULT_MAX_FEE,
        example="0.05",
        check_default=True,
    )
    max_daily_fees: Fee = variable(
        "ALLORA_MAX_DAILY_FEES",
        "The most that it pays for all transactions of 24 hours, in ALLO, registrations and "
        "failures included; at least `ALLORA_MAX_FEE`. The default is about 3,000 submissions "
        "at today's fee on mainnet: ten topics with a window every five minutes.",
        default=contract.DEFAULT_MAX_DAILY_FEES,
        example="5",
        check_default=True,
    )

    model_guard: Annotated[str, one_of(*contract.Guard)] = variable(
        "MODEL_GUARD",
        "What the worker does with a value that is off by orders of magnitude from what the "
        "network's other inferers said last, as in the wrong unit: `warn` submits it and says so, "
        "`hold` does not submit it, `off` does not compare.",
        default="warn",
        example="hold",
    )

    @field_validator("max_daily_fees")
    @classmethod
    def _allow_a_transaction(cls, a_day: Decimal, info: ValidationInfo) -> Decimal:
        return contract.daily_fees(a_day, info.data.get("max_fee", a_day))
