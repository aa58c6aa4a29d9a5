"""What doctor makes of a fleet, on an AWS in this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from allora_cli.doctor import worker
from allora_cli.doctor.account import check_settings
from allora_cli.doctor.check_context import CheckContext
from allora_cli.doctor.checks import CHECKS
from allora_cli.doctor.examine import examine
from allora_cli.doctor.findings import Check, Finding, Group, Scope, Verdict, ok
from allora_cli.doctor.fleet import network, quotas, secrets, zone
from allora_cli.doctor.fleet.images import check_fleet_images
from allora_cli.wallet.mnemonic import make_words
from fleet.images import Registry, distinct_builds
from settings import load_settings
from settings.fleet_file import load_fleet
from tests.http_server import json_by_path

ENV = "AWS_ACCOUNT_ID=123456789012\nAWS_REGION=us-east-1\n"
FLEET = """
[workers.btc-day]
[workers.eth]
api_key = true
MODEL_SECRETS = "KEY"
[workers.sol]
paused = true
"""
WORDS = "abandon " * 11 + "about"
ADDRESS = "allo19rl4cm2hmr8afy4kldpxz3fka4jguq0ajnh7gv"

Look = Callable[..., CheckContext]


@pytest.fixture
def look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Look]:
    """A context of doctor for a fleet file, whose single host is not deployed."""

    def make(text: str = FLEET, env: str = "", *, deployed: bool = False) -> CheckContext:
        (tmp_path / ".env").write_text(ENV + env)
        (tmp_path / "fleet.toml").write_text(text)
        monkeypatch.setenv("ALLORA_ENV_FILE", str(tmp_path / ".env"))
        return CheckContext(
            known_settings=load_settings(),
            fleet=load_fleet(),
            session=boto3.Session(region_name="us-east-1"),
            deployed=deployed,
        )

    with mock_aws():
        yield make


def store(name: str, value: str = "secret") -> None:
    ssm = boto3.client("ssm", region_name="us-east-1")
    ssm.put_parameter(Name=f"/allora/{name}", Value=value, Type="SecureString", Overwrite=True)


class TestScope:
    def test_the_fleets_checks_are_quiet_without_one(self) -> None:
        def never(_: CheckContext) -> Finding:
            raise AssertionError

        check = Check("a", Group.WALLET, "A", never, scope=Scope.FLEET)
        (result,) = examine(checks=[check]).results
        assert result.finding.is_quiet
        assert result.finding.verdict is Verdict.OK

    def test_the_hosts_checks_are_quiet_beside_a_fleet(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / ".env").write_text(ENV)
        monkeypatch.setenv("ALLORA_ENV_FILE", str(tmp_path / ".env"))
        settings = Check("settings", Group.SETTINGS, "S", check_settings)
        host = Check("a", Group.WALLET, "A", lambda _: ok("host"), ("settings",), (), Scope.HOST)
        assert not examine(checks=[settings, host]).results[1].finding.is_quiet
        (tmp_path / "fleet.toml").write_text(FLEET)
        report = examine(checks=[settings, host])
        assert report.results[0].finding.detail == "complete; 3 workers, 1 of them paused"
        assert report.results[1].finding.is_quiet
        assert report.subject == "3 workers, 1 of them paused, account 123456789012, us-east-1"

    def test_a_wrong_fleet_file_stops_a_deployment(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / ".env").write_text(ENV)
        (tmp_path / "fleet.toml").write_text("[workers.a]\nsize = 'huge'\n")
        monkeypatch.setenv("ALLORA_ENV_FILE", str(tmp_path / ".env"))
        finding = check_settings(CheckContext())
        assert finding.verdict is Verdict.FAIL
        assert "workers.a.size" in finding.remedy

    def test_every_check_of_the_host_alone_says_so(self) -> None:
        of_host = {check.id for check in CHECKS if check.scope is Scope.HOST}
        assert {"instance-type", "vcpus", "secrets", "wallet", "balance"} <= of_host
        assert {check.id for check in CHECKS if check.scope is Scope.FLEET} == {
            each.id for each in CHECKS if each.id.startswith("fleet-")
        }


class TestHostBesideFleet:
    """The remedies for the single host are commands that work where there is a fleet."""

    def test_the_command_that_stores_its_secrets_names_it(self, look: Look) -> None:
        context = look(env="MODEL_SECRETS=KEY\n", deployed=True)
        assert worker.check_secrets(context).remedy.splitlines() == [
            "allora wallet create --worker worker (or: allora wallet import --worker worker)",
            "allora secret set model/KEY --worker worker",
        ]

    def test_so_does_the_one_that_replaces_what_is_no_wallet(self, look: Look) -> None:
        store("worker/mnemonic", "no words")
        remedy = worker.check_wallet(look(deployed=True)).remedy
        assert remedy == "allora wallet import --replace --worker worker"


class TestSecrets:
    def test_what_is_missing_is_told_with_its_commands(self, look: Look) -> None:
        store("btc-day/mnemonic", WORDS)
        store("eth/api-key")
        finding = secrets.check_fleet_secrets(look())
        assert finding.verdict is Verdict.FAIL
        assert finding.facts["missing"] == ["/allora/eth/mnemonic", "/allora/eth/model/KEY"]
        create, key = finding.remedy.splitlines()
        assert create.startswith("allora wallet create --all")
        assert key == "allora secret set model/KEY --worker eth"

    def test_a_hundred_workers_take_one_line_and_ten_requests(
        self, look: Look, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        context = look("".join(f"[workers.w{number}]\n" for number in range(100)))
        ssm, asked = context.ssm, []
        get = ssm.get_parameters

        def counted(**request: Any) -> Any:
            asked.append(request)
            return get(**request)

        monkeypatch.setattr(ssm, "get_parameters", counted)
        monkeypatch.setattr(CheckContext, "ssm", ssm)
        finding = secrets.check_fleet_secrets(context)
        assert len(asked) == 10
        assert finding.detail.endswith(" and 95 more")
        assert len(finding.remedy.splitlines()) == 1

    def test_all_are_stored(self, look: Look) -> None:
        for name in ("btc-day/mnemonic", "eth/mnemonic", "eth/api-key", "eth/model/KEY"):
            store(name)
        finding = secrets.check_fleet_secrets(look())
        assert (finding.verdict, finding.detail) == (Verdict.OK, "4 stored")


class TestWallets:
    def test_different_ones_are_well(self, look: Look) -> None:
        store("btc-day/mnemonic", WORDS)
        store("eth/mnemonic", make_words())
        finding = secrets.check_fleet_wallets(look())
        assert (finding.verdict, finding.detail) == (Verdict.OK, "2, all different")
        assert finding.facts["addresses"]["btc-day"] == ADDRESS
        assert "abandon" not in str(finding)

    def test_none_at_all_is_what_the_check_of_secrets_says(self, look: Look) -> None:
        assert secrets.check_fleet_wallets(look()).needs == "fleet-secrets"

    def test_one_of_two_workers_is_refused(self, look: Look) -> None:
        store("btc-day/mnemonic", WORDS)
        store("eth/mnemonic", f" {WORDS}\n")
        finding = secrets.check_fleet_wallets(look())
        assert finding.verdict is Verdict.FAIL
        assert finding.detail == "btc-day and eth sign with one wallet"
        assert "--worker NAME" in finding.remedy

    def test_one_of_the_single_host_is_refused(self, look: Look) -> None:
        store("btc-day/mnemonic", WORDS)
        store("allora-host/mnemonic", WORDS)
        env = "ALLORA_WORKER_NAME=allora-host\n"
        assert secrets.check_fleet_wallets(look(env=env)).verdict is Verdict.OK
        finding = secrets.check_fleet_wallets(look(env=env, deployed=True))
        assert finding.verdict is Verdict.FAIL
        assert "allora-host (the single host's)" in finding.detail

    def test_words_that_are_no_wallet_are_not_shown(self, look: Look) -> None:
        store("eth/mnemonic", "canary words")
        finding = secrets.check_fleet_wallets(look())
        assert finding.verdict is Verdict.FAIL
        assert "the stored words of eth are no wallet" in finding.detail
        assert "canary" not in str(finding)


@pytest.fixture
def granted(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Quotas of vCPUs by code, as the account has them."""
    values = {"L-3032A538": 6.0, "L-36FBB829": 6.0}

    def get(_: object, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        assert operation == "GetServiceQuota"
        assert request["ServiceCode"] == "fargate"
        return {"Quota": {"Value": values[request["QuotaCode"]]}}

    class Quotas:
        """Service Quotas, which moto has without Fargate's."""

        exceptions = boto3.client("service-quotas", region_name="us-east-1").exceptions

        def get_service_quota(self, **request: str) -> dict[str, Any]:
            return get(self, "GetServiceQuota", request)

    monkeypatch.setattr(CheckContext, "client", lambda _self, _make: Quotas())
    return values


class TestQuotas:
    @pytest.mark.parametrize(("count", "verdict"), [(24, Verdict.OK), (25, Verdict.FAIL)])
    @pytest.mark.usefixtures("granted")
    def test_a_new_account_runs_24_workers(self, look: Look, count: int, verdict: Verdict) -> None:
        workers = "".join(f"[workers.w{number}]\n" for number in range(count))
        finding = quotas.check_fleet_vcpus(look(workers))
        assert finding.verdict is verdict
        assert f"on demand: {count / 4:g} needed, 6 of 6 free" in finding.detail
        assert ("quotas/L-3032A538" in finding.remedy) == (verdict is Verdict.FAIL)

    def test_each_capacity_has_its_quota(self, look: Look, granted: dict[str, float]) -> None:
        granted["L-36FBB829"] = 0.5
        text = """
            [fleet]
            size = "1 vCPU, 2 GB"
            [workers.a]
            [workers.b]
            capacity = "FARGATE_SPOT"
            [workers.c]
            paused = true
            """
        finding = quotas.check_fleet_vcpus(look(text))
        assert finding.verdict is Verdict.FAIL
        assert finding.detail == (
            "on demand: 1 needed, 6 of 6 free; Spot: 1 needed, 0.5 of 0.5 free"
        )
        assert "L-36FBB829" in finding.remedy

    def test_paused_workers_need_none(self, look: Look) -> None:
        assert (
            "none needed" in quotas.check_fleet_vcpus(look("[workers.a]\npaused = true\n")).detail
        )


class TestSubnet:
    def test_a_network_of_its_own_has_its_size(self, look: Look) -> None:
        workers = "".join(f"[workers.w{number}]\n" for number in range(12))
        small = "AWS_VPC_CIDR=10.0.0.0/24\nAWS_SUBNET_CIDR=10.0.0.0/28\n"
        finding = quotas.check_fleet_subnet(look(workers, small))
        assert (finding.verdict, finding.detail) == (
            Verdict.FAIL,
            "12 needed, 11 in 10.0.0.0/28",
        )
        assert quotas.check_fleet_subnet(look(workers)).verdict is Verdict.OK

    def test_an_existing_one_has_what_is_free_and_what_is_ours(self, look: Look) -> None:
        ec2 = boto3.client("ec2", region_name="us-east-1")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/24")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/28")["Subnet"]["SubnetId"]
        context = look("[workers.a]", f"AWS_VPC_ID={vpc}\nAWS_SUBNET_ID={subnet}\n")
        assert f"1 needed, 11 in {subnet}" == quotas.check_fleet_subnet(context).detail
        group = ec2.create_security_group(
            GroupName=context.fleet_names.fleet, Description="x", VpcId=vpc
        )["GroupId"]
        ec2.create_network_interface(SubnetId=subnet, Groups=[group])
        assert f"1 needed, 11 in {subnet}" == quotas.check_fleet_subnet(context).detail
        assert "AWS_VPC_ID" in quotas.check_fleet_vpc(context).detail

    def test_a_zone_without_fargate_is_refused(
        self, look: Look, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ec2 = boto3.client("ec2", region_name="us-east-1")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(
            VpcId=vpc, CidrBlock="10.0.0.0/28", AvailabilityZone="us-east-1b"
        )["Subnet"]
        existing = f"AWS_VPC_ID={vpc}\nAWS_SUBNET_ID={subnet['SubnetId']}\n"
        contexts = [look(env=existing), look(env="AWS_AVAILABILITY_ZONE=us-east-1b\n")]
        assert {zone.check_fleet_zone(each).verdict for each in (*contexts, look())} == {Verdict.OK}
        without = (subnet["AvailabilityZoneId"],)
        monkeypatch.setattr(zone, "ZONES_WITHOUT_FARGATE", without)
        assert {zone.check_fleet_zone(each).remedy for each in contexts} == {
            "another AWS_SUBNET_ID",
            "another AWS_AVAILABILITY_ZONE",
        }


class TestImages:
    def test_those_that_are_missing_are_counted(self, look: Look) -> None:
        context = look()
        assert context.fleet
        builds = distinct_builds(context.fleet.running)
        expected = "2 of the project's own, {} of them still to be built"
        assert check_fleet_images(context).detail == expected.format(2)
        ecr = boto3.client("ecr", region_name="us-east-1")
        for repository in Registry.of(context.settings).repositories.values():
            ecr.create_repository(repositoryName=repository)
        repository = Registry.of(context.settings).repositories[builds[0].kind]
        ecr.put_image(
            repositoryName=repository,
            imageManifest=json.dumps({"schemaVersion": 2, "config": {}, "layers": []}),
            imageManifestMediaType="application/vnd.docker.distribution.manifest.v2+json",
            imageTag=builds[0].tag,
        )
        assert check_fleet_images(context).detail == expected.format(1)


def balance(address: str, uallo: int) -> dict[str, Any]:
    """What the network says of a wallet, by path."""
    path = f"/cosmos/bank/v1beta1/balances/{address}/by_denom?denom=uallo"
    return {path: {"balance": {"denom": "uallo", "amount": str(uallo)}}}


def topic(id_: int, *, active: bool) -> dict[str, Any]:
    """What the network says of a topic, by path."""
    return {
        f"/emissions/v10/topic_exists/{id_}": {"exists": True},
        f"/emissions/v10/topics/{id_}": {"topic": {"metadata": "BTC/USD"}},
        f"/emissions/v10/is_topic_active/{id_}": {"is_active": active},
    }


class TestNetwork:
    @pytest.fixture
    def answers(self) -> dict[str, Any]:
        return {}

    @pytest.fixture
    def funded(self, look: Look, answers: dict[str, Any]) -> Iterator[CheckContext]:
        """Two workers, whose wallets are known, and a paused one."""
        text = FLEET.replace("[workers.eth]", "[workers.eth]\nALLORA_WORKER_TOPIC_ID = [69, 13]")
        with json_by_path(answers) as url:
            context = look(text, f"ALLORA_API_URL={url}\n")
            context.fleet_addresses = {"btc-day": "allo1a", "eth": "allo1b"}
            yield context

    def test_who_needs_money_is_told(self, funded: CheckContext, answers: dict[str, Any]) -> None:
        answers |= balance("allo1a", 10**18) | balance("allo1b", 0)
        finding = network.check_fleet_balances(funded)
        assert finding.verdict is Verdict.WARNING
        assert finding.detail == "1 of 2 wallets have too little: eth"
        assert finding.remedy.startswith("get some for allo1b: https://")
        answers |= balance("allo1b", 2 * 10**18)
        finding = network.check_fleet_balances(funded)
        assert (finding.verdict, finding.detail) == (Verdict.OK, "at least 1 ALLO each")

    def test_one_that_is_not_known_hides_none_that_is_low(
        self, funded: CheckContext, answers: dict[str, Any]
    ) -> None:
        answers |= balance("allo1a", 10**18)
        assert network.check_fleet_balances(funded).verdict is Verdict.UNKNOWN
        answers |= balance("allo1a", 0)
        assert network.check_fleet_balances(funded).verdict is Verdict.WARNING

    def test_a_topic_is_asked_for_once_and_told_with_its_workers(
        self, funded: CheckContext, answers: dict[str, Any]
    ) -> None:
        answers |= topic(69, active=True) | {"/emissions/v10/topic_exists/13": {"exists": False}}
        finding = network.check_fleet_topics(funded)
        assert (finding.verdict, finding.detail) == (
            Verdict.FAIL,
            "the network has no topic 13 (eth)",
        )
        answers |= topic(13, active=False)
        finding = network.check_fleet_topics(funded)
        assert (finding.verdict, finding.detail) == (Verdict.WARNING, "not active: 13 (eth)")
        answers |= topic(13, active=True)
        assert network.check_fleet_topics(funded).detail == "2, all active"
