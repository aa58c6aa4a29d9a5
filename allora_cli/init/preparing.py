"""Find out or ask what a worker needs, and write its settings file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import boto3

from allora_cli.aws.price_list import PriceList
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.init import credentials, file, sizes, topics
from allora_cli.init.comments import comments_on
from allora_cli.init.draft import load_text
from allora_cli.init.interview import Interview, Question
from allora_cli.terminal import console
from containers.worker.allora_worker import contract
from settings import Settings, load_settings
from settings.environment import aws_region
from shared.networks import NETWORKS, TESTNET

_OWN, _REPOSITORY, _IMAGE = "own", "repository", "image"

_ACCOUNT = Question("AWS_ACCOUNT_ID", "--account", "AWS account, 12 digits")
_REGION = Question("AWS_REGION", "--region", "AWS region")
_NETWORK = Question("ALLORA_NETWORK", "--network", "Network: testnet or mainnet")
_REPO = Question("MODEL_REPO", "--model-repo", "URL of the repository")
_REF = Question("MODEL_REF", "--model-ref", "Branch, tag or commit")
_MODEL_IMAGE = Question("MODEL_IMAGE", "--model-image", "Image")
_TOPIC = Question("ALLORA_WORKER_TOPIC_ID", "--topic", "Topic")
_TOKEN = Question("ALLORA_WORKER_TOKEN", "--token", "What the model is asked about")
_EMAIL = Question("ALARM_EMAIL", "--email", "E-mail address for alarms")
_SIZE = Question("AWS_INSTANCE_TYPE", "--instance-type", "Instance type")


@dataclass(frozen=True)
class Prepared:
    """A settings file that was written.

    Attributes:
        values: its settings, by variable.
        settings: all settings, with the defaults.
        topics: what was found about the topics.
        caller: whose credentials there are.
        usd_a_month: the whole worker's price; None if unknown.
    """

    path: Path
    values: Mapping[str, str]
    settings: Settings
    topics: tuple[topics.Topic, ...]
    caller: credentials.Caller
    usd_a_month: float | None


def prepare(given: Mapping[str, str], *, asks: bool) -> Prepared:
    """Settle the settings, check them as a deployment does, and write them.

    Args:
        given: values of options, by variable.
        asks: whether there is somebody to ask; otherwise defaults are taken.

    Raises:
        OperatorError: there is a settings file; a value is wrong, or missing without a default.
        SettingsError: the settings are wrong together with the environment's.
    """
    path = file.new_path()
    interview = Interview(given, asks=asks)
    interview.tell([f"This writes {path}. Enter takes the answer in [brackets].", ""])
    session, caller = _settle_account(interview)
    _settle_region(interview, session)
    network = interview.settle(_NETWORK, "testnet")
    interview.accept(_NETWORK.variable, network.casefold())
    model = _settle_model(interview)
    found = _settle_topic(interview, model)
    interview.settle(_EMAIL, "")
    prices = sizes.prices_for(session if caller.account_id else None, _value(interview, _REGION))
    _settle_size(interview, prices)
    settled = interview.draft.values
    values = {variable: settled[variable] for variable in _ORDER if variable in settled}
    price = sizes.monthly_price(interview.draft, prices, _value(interview, _SIZE))
    comments = comments_on(found, price, own_model=model == _OWN)
    text = file.render(values, comments, f"{datetime.now(UTC):%Y-%m-%d}")
    load_text(text)  # before it is written
    file.write(path, text)
    return Prepared(path, values, load_settings(path), found, caller, price)


_ORDER = (
    *(_ACCOUNT.variable, _REGION.variable, "AWS_PROFILE"),
    *(_NETWORK.variable, _TOPIC.variable, _TOKEN.variable),
    *(_REPO.variable, _REF.variable, _MODEL_IMAGE.variable),
    *(_EMAIL.variable, _SIZE.variable),
)
"""Of the variables in the file."""


def _value(interview: Interview, question: Question) -> str:
    return interview.draft.values.get(question.variable, "")


def _settle_account(interview: Interview) -> tuple[boto3.Session, credentials.Caller]:
    """Settle profile and account."""
    profile = _profile(interview)
    session = credentials.open_profile(profile)
    caller = credentials.identify(session)
    if interview.is_given(_ACCOUNT.variable):
        interview.settle(_ACCOUNT, None)
    elif caller.account_id:
        interview.accept(_ACCOUNT.variable, caller.account_id)
        interview.tell([f"AWS account: {caller.account_id} ({caller.arn})"])
    elif interview.asks:
        interview.tell([caller.problem, "You can go on without, and get credentials later."])
        interview.settle(_ACCOUNT, None)
    else:
        raise OperatorError(
            ErrorCode.NO_CREDENTIALS,
            f"{caller.problem} Nothing was written. To go on without: {_ACCOUNT.option}",
        )
    interview.accept("AWS_PROFILE", profile)
    return session, caller


def _profile(interview: Interview) -> str:
    """Return the profile for the settings file; "" leaves it to the AWS tools."""
    if interview.is_given("AWS_PROFILE"):
        return interview.settle(Question("AWS_PROFILE", "--profile", "AWS profile"), None)
    names = credentials.profiles_to_choose_from()
    if not names:
        return credentials.chosen_profile()
    if not interview.asks and names[0] != credentials.NO_PROFILE and len(names) > 1:
        raise interview.wrong("--profile", f"choose one of {', '.join(names)}.")
    interview.tell(["AWS profiles on this computer:"])
    chosen = interview.choose("AWS profile", {name: name for name in names})
    return "" if chosen == credentials.NO_PROFILE else chosen


def _settle_region(interview: Interview, session: boto3.Session) -> None:
    region: str | None = aws_region() or session.region_name
    if region and interview.draft.problem_with(_REGION.variable, region):
        region = None
    interview.settle(_REGION, region)


def _settle_model(interview: Interview) -> str:
    """Settle which model runs, and return its kind."""
    if interview.is_given(_REPO.variable):
        kind = _REPOSITORY
    elif interview.is_given(_MODEL_IMAGE.variable):
        kind = _IMAGE
    else:
        interview.tell(["The model (with a predict.pkl of the Forge kit: see samples/forge.env):"])
        kind = interview.choose(
            "Model",
            {
                _OWN: "this project's own, for prices, log returns and volatilities, to begin with",
                _REPOSITORY: "your own: a public git repository with a Dockerfile",
                _IMAGE: "your own: a published image",
            },
        )
    if kind == _REPOSITORY:
        interview.settle(_REPO, None)
        interview.settle(_REF, "")
    if kind == _IMAGE:
        interview.settle(_MODEL_IMAGE, None)
    for question in (_REF, _MODEL_IMAGE):  # an option that does not fit the others is refused
        if interview.is_given(question.variable) and not _value(interview, question):
            interview.settle(question, "")
    return kind


def _settle_topic(interview: Interview, model: str) -> tuple[topics.Topic, ...]:
    """Settle the topics, and what the model is asked about; return what is known of them."""
    network, own = _value(interview, _NETWORK), model == _OWN
    found: dict[int, topics.Topic] = {}

    def check(text: str) -> str | None:
        settings = interview.draft.settings({_TOPIC.variable: text})
        for id_ in settings.topic_ids:
            with console.working(f"Asking {settings.api_url} about topic {id_}"):
                found[id_] = topics.look_up(network, settings.api_url, id_)
        looked_up = [found[id_] for id_ in settings.topic_ids]
        return topics.problem_with(looked_up, network, own_model=own)

    default = str(TESTNET.sandbox_topic) if NETWORKS[network] is TESTNET else None
    if not interview.is_given(_TOPIC.variable):
        interview.tell([f"Topics of {network}:", *topics.table(network, own_model=own)])
    interview.settle(_TOPIC, default, check=check)
    settled = tuple(found[id_] for id_ in interview.draft.settings().topic_ids)
    _settle_token(interview, settled, own=own)
    return settled


def _settle_token(interview: Interview, settled: tuple[topics.Topic, ...], *, own: bool) -> None:
    """Settle what the model is asked about, unless each topic tells by itself."""
    coins = sorted({topic.facts.token for topic in settled if topic.facts})

    def check(text: str) -> str | None:
        if own and any(text.upper() != coin for coin in coins):
            subject = "The topic is" if len(settled) == 1 else "The topics are"
            return f"{subject} about {' and '.join(coins)}."
        return None

    are_known = all(topic.facts for topic in settled)
    if own and are_known and not interview.is_given(_TOKEN.variable):
        return
    several = "" if are_known else contract.DEFAULT_TOKEN  # "": each topic's own coin
    interview.settle(_TOKEN, coins[0] if len(coins) == 1 else several, check=check)


def _settle_size(interview: Interview, prices: PriceList | None) -> None:
    if interview.asks and not interview.is_given(_SIZE.variable):
        with console.working("Asking AWS for prices"):
            lines = [*sizes.table(interview.draft, prices)]
        interview.tell(["The EC2 instance, and what the whole worker costs:", *lines])
    interview.settle(_SIZE, sizes.DEFAULT)
