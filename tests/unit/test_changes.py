"""What a command would change: summed up from plans that the real Terraform has made.

tests/local/record_plans.py records them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from allora_cli.changes.details import details
from allora_cli.changes.kinds import NOT_IN_AWS, Kind, kind_of
from allora_cli.changes.proposal import Proposal
from allora_cli.changes.reasons import SETTINGS
from allora_cli.changes.sentences import sentences
from allora_cli.changes.summary import (
    Asset,
    Entry,
    Kept,
    MonthlyCost,
    Summary,
    entries_of,
    stays_and_goes,
    stops_host,
)
from allora_cli.changes.volumes import SmallerVolume, require_growing_volumes, smaller_volumes
from allora_cli.deploy import stacks
from allora_cli.errors import OperatorError
from allora_cli.terminal.console import SafeConsole
from allora_cli.terraform.plans import Action, AttributeChange, Change, Plan, changes_of
from settings import Settings
from shared.stacks import SINGLE_NODE
from tests.screens import WIDTHS, check_screen
from tests.synthesized import Stack
from user_data.archive import host_archive
from user_data.cloud_config import HostFile, encode_user_data, render_cloud_config
from user_data.differences import PROJECT_FILES, changed_settings
from user_data.host_files import COMPOSE_FILE, host_user_data

SAMPLES = Path(__file__).parents[1] / "samples" / "plans"
COST = MonthlyCost(37.5, 37.5, "AWS's price list for us-east-1")


def recorded(name: str) -> dict[str, Any]:
    """Return the documents of `terraform show -json` by stack."""
    files = sorted(SAMPLES.glob(f"{name}.*.json"))
    return {file.name.split(".")[1]: json.loads(file.read_text("utf-8")) for file in files}


def proposal_of(name: str) -> Proposal:
    changes = {stack: changes_of(document) for stack, document in recorded(name).items()}
    return Proposal(changes, destroys=name == "destroy")


def summary_of(name: str) -> Summary:
    proposal = proposal_of(name)
    present = [
        resource
        for document in recorded(name).values()
        for resource in document["prior_state"]["values"]["root_module"]["resources"]
    ]
    entries = entries_of(proposal)
    stays, goes = stays_and_goes(proposal, present, "states")
    return Summary("w", entries, stays, goes, stops_host(entries), COST)


def lines(name: str) -> list[str]:
    return [sentence.text.strip() for sentence in sentences(summary_of(name))]


def entry(name: str, kind: Kind) -> Entry:
    (found,) = [each for each in summary_of(name).entries if each.kind is kind]
    return found


class TestReplacement:
    @pytest.mark.parametrize(
        ("name", "because"),
        [
            ("model", "MODEL_REF"),
            ("architecture", "AWS_INSTANCE_TYPE"),
            ("no-volume", "EDGE_DATA_VOL_TYPE"),
        ],
    )
    def test_the_setting_is_why_the_host_is_replaced(self, name: str, because: str) -> None:
        found = entry(name, Kind.INSTANCE)
        assert found.action is Action.REPLACE
        assert found.because == (because,)
        assert f"± the instance {found.names[0]}, because of {because}" in lines(name)

    def test_what_only_follows_says_so(self) -> None:
        assert entry("network", Kind.INSTANCE).follows
        assert entry("network", Kind.DASHBOARD).follows
        assert "~ 4 alarms, as a consequence" in lines("model")

    def test_address_secrets_and_data_volume_stay_and_the_root_volume_goes(self) -> None:
        summary = summary_of("model")
        assert [kept.asset for kept in summary.stays] == [
            Asset.ADDRESS, Asset.SECRETS, Asset.DATA_VOLUME
        ]  # fmt: skip
        assert all(kept.name for kept in summary.stays if kept.asset is not Asset.SECRETS)
        assert summary.goes == (Kept(Asset.ROOT_VOLUME),)

    @pytest.mark.parametrize("name", ["zone", "no-volume"])
    def test_a_data_volume_that_goes_leaves_a_snapshot(self, name: str) -> None:
        assets = [kept.asset for kept in summary_of(name).stays]
        assert Asset.SNAPSHOT in assets
        assert Asset.DATA_VOLUME not in assets

    def test_a_volume_in_another_zone_is_empty(self) -> None:
        assert any(line.endswith("AWS_AVAILABILITY_ZONE; the new one is empty")
                   for line in lines("zone"))  # fmt: skip

    def test_a_volume_that_follows_is_empty_as_well(self) -> None:
        volume = Entry(Action.REPLACE, Kind.DATA_VOLUME, ("v",), ("vol-1",), follows=True)
        summary = replace(summary_of("zone"), entries=(volume,))
        shown = [sentence.text.strip() for sentence in sentences(summary)]
        assert "± the data volume vol-1, as a consequence; the new one is empty" in shown


class TestChangeInPlace:
    def test_volumes_grow(self) -> None:
        shown = "\n".join(lines("volumes"))
        assert "root_block_device.volume_size 30 → 50 (AWS_ROOT_VOLUME_SIZE)" in shown
        assert "size 20 → 40 (EDGE_DATA_VOL_SIZE)" in shown
        summary = summary_of("volumes")
        assert (summary.stays, summary.goes, summary.stops_host) == ((), (), False)

    def test_volumes_do_not_shrink(self) -> None:
        growing = proposal_of("volumes").all_changes
        require_growing_volumes(growing)
        shrinking = [
            replace(change, before=change.after, after=change.before) for change in growing
        ]
        assert sorted(smaller_volumes(shrinking)) == [
            SmallerVolume("AWS_ROOT_VOLUME_SIZE", 50, 30),
            SmallerVolume("EDGE_DATA_VOL_SIZE", 40, 20),
        ]
        plan = Plan(SINGLE_NODE, Path("plan"), is_empty=False, changes=tuple(shrinking))
        with pytest.raises(OperatorError, match=r"AWS_ROOT_VOLUME_SIZE=50|EDGE_DATA_VOL_SIZE=40"):
            list(stacks._planned([plan]))  # before any question

    @pytest.mark.parametrize("name", ["architecture", "zone", "destroy"])
    def test_a_new_volume_may_be_smaller(self, name: str) -> None:
        require_growing_volumes(
            replace(change, before={"size": 999, "root_block_device": [{"volume_size": 999}]})
            for change in proposal_of(name).all_changes
        )

    def test_another_type_stops_the_host(self) -> None:
        assert summary_of("type").stops_host
        shown = "\n".join(lines("type"))
        assert "instance_type t3.medium → t3.large (AWS_INSTANCE_TYPE)" in shown
        assert "stops the instance" in shown

    def test_alarms_and_logs(self) -> None:
        shown = lines("alarms")
        assert "~ 3 log groups: retention_in_days 30 → 60 (LOG_RETENTION_DAYS)" in shown
        assert any("because of ALARM_EMAIL" in line for line in shown)


class TestDestruction:
    def test_what_would_be_missed_is_named(self) -> None:
        shown = "\n".join(lines("destroy"))
        for words in (
            "with its disk",
            "another deployment gets another one",
            "3 log groups; with all their logs",
            "a last snapshot of the data volume vol-",
            "the state bucket states",
            "wallet and secrets",
        ):
            assert words in shown
        assert summary_of("destroy").goes == ()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["destroy", "network", "volumes"])
def test_lines_fit_the_screen(name: str, width: int) -> None:
    def show(console: SafeConsole) -> None:
        for text, style in sentences(summary_of(name)):
            console.print(text, markup=False, style=style)

    check_screen(show, width)


def test_costs() -> None:
    def told(before: float | None, after: float | None) -> str:
        cost = MonthlyCost(before, after, "AWS's prices")
        return [*sentences(Summary("w", (), (), (), False, cost))][-1].text  # noqa: FBT003

    assert told(0, 20) == "It will cost about 20.00 USD a month, now nothing (AWS's prices)."
    assert told(20, 0) == "It will cost nothing a month, now about 20.00 USD (AWS's prices)."
    assert "stays the same: about 20.00 USD" in told(20, 20)
    assert "https://calculator.aws/" in told(20, None)


class TestRawPlan:
    @pytest.mark.parametrize("name", ["model", "no-volume", "destroy"])
    def test_neither_user_data_nor_secrets_are_in_it(self, name: str) -> None:
        changes = proposal_of(name).all_changes
        shown = "\n".join(line for change in changes for line in details(change))
        user_data = [
            side["user_data_base64"]
            for change in changes
            for side in (change.before, change.after)
            if side.get("user_data_base64")
        ]
        assert user_data
        assert not [text for text in user_data if text in shown]
        assert "user_data_base64: (not shown)" in shown

    def test_secrets_are_hidden(self) -> None:
        change = Change(
            "a",
            "t",
            Action.UPDATE,
            before={"key": "old", "on": True},
            after={"key": "new", "on": False},
            hidden=frozenset({"key"}),
        )
        assert list(details(change)) == ["key: (not shown) → (not shown)", "on: true → false"]

    def test_a_reason_is_marked(self) -> None:
        (instance,) = [c for c in proposal_of("architecture").all_changes if c.type == HOST]
        shown = list(details(instance))
        assert "instance_type: t3.medium → t4g.medium (forces the replacement)" in shown
        assert not any("private_dns" in line for line in shown)


HOST = "aws_instance"


class TestProposal:
    CREATED = Change("aws_vpc.a", "aws_vpc", Action.CREATE)
    GROWN = Change(
        "aws_ebs_volume.a",
        "aws_ebs_volume",
        Action.UPDATE,
        (AttributeChange("size", "20", "40"), AttributeChange("tags")),
    )

    def covers(self, *changes: Change, stack: str = "s") -> bool:
        proposal = Proposal({"s": (self.CREATED, self.GROWN)})
        return proposal.covers(Plan(stack, Path("p"), is_empty=False, changes=changes))

    def test_the_same_and_less_are_covered(self) -> None:
        assert self.covers(self.CREATED, self.GROWN)
        assert self.covers(self.CREATED)
        assert self.covers()

    def test_more_is_not(self) -> None:
        assert not self.covers(Change("aws_vpc.b", "aws_vpc", Action.CREATE))
        assert not self.covers(Change("aws_vpc.a", "aws_vpc", Action.REPLACE))
        assert not self.covers(self.CREATED, stack="another")

    @pytest.mark.parametrize(
        ("attribute", "covered"),
        [
            (AttributeChange("size", "20", "40"), True),
            (AttributeChange("size", "20", "41"), False),
            (AttributeChange("size", "20", "40", replaces=True), False),
            (AttributeChange("tags.Name", "a", "b"), True),  # was not known
            (AttributeChange("type", "gp3", "io2"), False),
        ],
    )
    def test_attributes_get_what_was_proposed(
        self, attribute: AttributeChange, *, covered: bool
    ) -> None:
        change = Change(self.GROWN.address, self.GROWN.type, Action.UPDATE, (attribute,))
        assert self.covers(change) is covered


def test_every_type_of_the_stacks_has_a_kind(synth: Callable[..., dict[str, Stack]]) -> None:
    stacks = synth(EDGE_DATA_VOL_TYPE="gp3", ALARM_EMAIL="someone@example.org")
    types = {type_ for stack in stacks.values() for type_ in stack.json["resource"]}
    assert {type_ for type_ in types - NOT_IN_AWS if kind_of(type_) is Kind.OTHER} == set()


def test_each_resource_is_one_so_that_it_can_be_proposed_before_a_plan(
    synth: Callable[..., dict[str, Stack]],
) -> None:
    stacks = synth(EDGE_DATA_VOL_TYPE="gp3", ALARM_EMAIL="someone@example.org")
    for stack in stacks.values():
        for named in stack.json["resource"].values():
            assert [
                values for values in named.values() if {"count", "for_each"} & set(values)
            ] == []


@pytest.mark.parametrize(("resource", "setting"), SETTINGS.items())
def test_a_setting_is_behind_an_attribute_that_the_stacks_set(
    synth: Callable[..., dict[str, Stack]], resource: tuple[str, str], setting: str
) -> None:
    type_, attribute = resource
    stacks = synth(EDGE_DATA_VOL_TYPE="gp3", ALARM_EMAIL="someone@example.org")
    (found, *_) = [each for stack in stacks.values() for each in stack.all(type_)]
    for name in attribute.split("."):
        assert name in found
        found = found[name]
    assert setting in {field.alias for field in Settings.model_fields.values()}


class TestChangedSettings:
    @staticmethod
    def user_data(settings: Settings) -> str:

        digest = hashlib.sha256(host_archive(settings)).hexdigest()
        return host_user_data(settings, archive_sha256=digest).base64

    @pytest.mark.parametrize(
        ("variables", "named"),
        [
            ({"MODEL_REF": "v2"}, ("MODEL_REF",)),
            ({"MODEL_REPO": "https://example.com/other.git"}, ("MODEL_REPO",)),
            ({"MODEL_SECRETS": "A,B"}, ("MODEL_SECRETS",)),
            ({"MODEL_ENV_VARS": "X=1"}, ("MODEL_ENV_VARS",)),
            ({"HOST_REBOOT_TIME": "never"}, ("HOST_REBOOT_TIME",)),
            ({"ALLORA_WORKER_PORT": "9999"}, ("ALLORA_WORKER_PORT",)),
            ({"ALLORA_WORKER_TOPIC_ID": "1"}, ("ALLORA_WORKER_TOPIC_ID",)),
            ({"ALLORA_MAX_FEE": "0.02"}, ("ALLORA_MAX_FEE",)),
            ({"EDGE_DATA_VOL_TYPE": "gp3"}, ("EDGE_DATA_VOL_TYPE",)),
            ({"ALARM_BALANCE": "3"}, ()),
        ],
    )
    def test_the_changed_one_is_named(
        self,
        make_settings: Callable[..., Settings],
        variables: dict[str, str],
        named: tuple[str, ...],
    ) -> None:
        given = {"MODEL_REPO": "https://example.com/m.git", "MODEL_REF": "v1", "MODEL_SECRETS": "A"}
        before = self.user_data(make_settings(**given))
        assert changed_settings(before, self.user_data(make_settings(**given | variables))) == named

    def test_a_token_of_our_own_model(self, make_settings: Callable[..., Settings]) -> None:
        before, after = (
            self.user_data(make_settings(ALLORA_WORKER_TOKEN=token)) for token in ("BTC", "ETH")
        )
        assert changed_settings(before, after) == ("ALLORA_WORKER_TOKEN",)

    def test_files_of_the_project(self, make_settings: Callable[..., Settings]) -> None:
        settings = make_settings()
        before, after = (
            host_user_data(settings, archive_sha256=digest * 64).base64 for digest in "ab"
        )
        assert changed_settings(before, after) == (PROJECT_FILES,)

    @pytest.mark.parametrize("text", ["", "!", "YWJj", "H4sI", "H4sIAAAAAAAC////////"])
    def test_what_cannot_be_read_is_no_reason(
        self, make_settings: Callable[..., Settings], text: str
    ) -> None:
        assert changed_settings(text, self.user_data(make_settings())) == ()

    @pytest.mark.parametrize("content", ["{}", "[]", '{"services": {"worker": {}, "model": 1}}'])
    def test_a_file_that_another_release_wrote_is_one_of_the_project(
        self, make_settings: Callable[..., Settings], content: str
    ) -> None:
        earlier = render_cloud_config([HostFile(COMPOSE_FILE, content)], command=["true"])
        before = encode_user_data(earlier).base64
        now = self.user_data(make_settings())
        assert changed_settings(before, now) == (PROJECT_FILES,)
