"""All checks in the order of the screen: id, group, title, function, needs, after."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from allora_cli.doctor import (
    account,
    computer,
    machine,
    model_fit,
    one_wallet,
    permissions,
    quotas,
    state,
    worker,
)
from allora_cli.doctor.check_context import CheckContext
from allora_cli.doctor.endpoints.checks import check_endpoints
from allora_cli.doctor.findings import Check, Finding, Group, Scope
from allora_cli.doctor.fleet import network, secrets
from allora_cli.doctor.fleet import quotas as fleet_quotas
from allora_cli.doctor.fleet.images import check_fleet_images
from allora_cli.doctor.fleet.zone import check_fleet_zone
from allora_cli.doctor.sources import checks as sources

_SETTINGS: Final = ("settings",)
_CREDENTIALS: Final = ("credentials",)
_REGION: Final = ("region",)


def _of_host(
    id_: str,
    title: str,
    run: Callable[[CheckContext], Finding],
    needs: tuple[str, ...],
    after: tuple[str, ...] = (),
    *,
    group: Group = Group.DEPLOYMENT,
) -> Check:
    return Check(id_, group, title, run, needs, after, Scope.HOST)


def _of_fleet(
    id_: str,
    title: str,
    run: Callable[[CheckContext], Finding],
    needs: tuple[str, ...] = _REGION,
    group: Group = Group.DEPLOYMENT,
) -> Check:
    return Check(id_, group, title, run, needs, (), Scope.FLEET)


CHECKS: Final = (
    Check("python", Group.COMPUTER, "Python", computer.check_python),
    Check("node", Group.COMPUTER, "Node.js", computer.check_node),
    Check("cdktf", Group.COMPUTER, "cdktf", computer.check_cdktf),
    Check("terraform", Group.COMPUTER, "Terraform", computer.check_terraform),
    Check("session-manager", Group.COMPUTER, "Session Manager", computer.check_session_manager),
    Check("settings", Group.SETTINGS, ".env", account.check_settings),
    Check("credentials", Group.ACCOUNT, "Credentials", account.check_credentials, _SETTINGS),
    Check("region", Group.ACCOUNT, "Region", account.check_region, _CREDENTIALS),
    Check("permissions", Group.ACCOUNT, "IAM actions", permissions.check_permissions, _CREDENTIALS),
    Check("state-bucket", Group.STATE, "Bucket", state.check_bucket, _CREDENTIALS),
    Check("state-lock", Group.STATE, "Lock", state.check_lock, _CREDENTIALS),
    Check("state", Group.STATE, "States", state.check_states, _CREDENTIALS),
    _of_host("instance-type", "Instance type", machine.check_instance_type, _REGION),
    _of_host("account-plan", "Plan", machine.check_account_plan, _REGION),
    _of_host("vcpus", "Quota: vCPUs", quotas.check_vcpus, _REGION),
    _of_host("elastic-ips", "Quota: addresses", quotas.check_addresses, _REGION),
    _of_host("vpcs", "Quota: VPCs", quotas.check_vpcs, _REGION),
    _of_host("image", "Machine image", machine.check_image, _REGION),
    _of_host("model-source", "Model's source", sources.check_model_source, _SETTINGS),
    _of_host("container-images", "Images", sources.check_images, _SETTINGS),
    _of_host("exposure", "Open ports", worker.check_exposure, _SETTINGS, ("secrets",)),
    _of_host("other-hosts", "Hosts", worker.check_other_hosts, _REGION, ("state-lock",)),
    _of_fleet("fleet-vcpus", "Fleet's vCPUs", fleet_quotas.check_fleet_vcpus),
    _of_fleet("fleet-zone", "Fleet's zone", check_fleet_zone),
    _of_fleet("fleet-subnet", "Fleet's addresses", fleet_quotas.check_fleet_subnet),
    _of_fleet("fleet-vpc", "Fleet's VPC", fleet_quotas.check_fleet_vpc),
    _of_fleet("fleet-images", "Fleet's images", check_fleet_images),
    _of_host("secrets", "Secrets", worker.check_secrets, _REGION, group=Group.WALLET),
    _of_host("wallet", "Address", worker.check_wallet, _REGION, group=Group.WALLET),
    _of_host(
        "one-wallet",
        "In one place",
        one_wallet.check_one_wallet,
        ("wallet",),
        ("other-hosts",),
        group=Group.WALLET,
    ),
    _of_host("balance", "Balance", worker.check_balance, ("wallet",), group=Group.WALLET),
    _of_fleet("fleet-secrets", "Fleet's secrets", secrets.check_fleet_secrets, group=Group.WALLET),
    _of_fleet("fleet-wallets", "Fleet's wallets", secrets.check_fleet_wallets, group=Group.WALLET),
    _of_fleet(
        "fleet-balances",
        "Fleet's balances",
        network.check_fleet_balances,
        ("fleet-wallets",),
        Group.WALLET,
    ),
    _of_fleet(
        "fleet-topics", "Fleet's topics", network.check_fleet_topics, _SETTINGS, group=Group.WALLET
    ),
    Check("endpoints", Group.WALLET, "Endpoints", check_endpoints, _SETTINGS),
    _of_host("topics", "Topics", worker.check_topics, _SETTINGS, group=Group.WALLET),
    _of_host(
        "model-fit",
        "Model fits",
        model_fit.check_model_fit,
        _SETTINGS,
        ("topics",),
        group=Group.WALLET,
    ),
    Check("cost", Group.COST, "Monthly", account.check_cost, _CREDENTIALS, ("other-hosts",)),
)
