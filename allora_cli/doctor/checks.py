"""All checks in the order of the screen: id, group, title, function, needs, after."""

from __future__ import annotations

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
from allora_cli.doctor.endpoints.checks import check_endpoints
from allora_cli.doctor.findings import Check, Group
from allora_cli.doctor.sources import checks as sources

_SETTINGS: Final = ("settings",)
_CREDENTIALS: Final = ("credentials",)
_REGION: Final = ("region",)

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
    Check("instance-type", Group.DEPLOYMENT, "Instance type", machine.check_instance_type, _REGION),
    Check("account-plan", Group.DEPLOYMENT, "Plan", machine.check_account_plan, _REGION),
    Check("vcpus", Group.DEPLOYMENT, "Quota: vCPUs", quotas.check_vcpus, _REGION),
    Check("elastic-ips", Group.DEPLOYMENT, "Quota: addresses", quotas.check_addresses, _REGION),
    Check("vpcs", Group.DEPLOYMENT, "Quota: VPCs", quotas.check_vpcs, _REGION),
    Check("image", Group.DEPLOYMENT, "Machine image", machine.check_image, _REGION),
    Check(
        "model-source", Group.DEPLOYMENT, "Model's source", sources.check_model_source, _SETTINGS
    ),
    Check("container-images", Group.DEPLOYMENT, "Images", sources.check_images, _SETTINGS),
    Check(
        "exposure", Group.DEPLOYMENT, "Open ports", worker.check_exposure, _SETTINGS, ("secrets",)
    ),
    Check(
        "other-hosts",
        Group.DEPLOYMENT,
        "Hosts",
        worker.check_other_hosts,
        _REGION,
        ("state-lock",),
    ),
    Check("secrets", Group.WALLET, "Secrets", worker.check_secrets, _REGION),
    Check("wallet", Group.WALLET, "Address", worker.check_wallet, _REGION),
    Check(
        "one-wallet",
        Group.WALLET,
        "In one place",
        one_wallet.check_one_wallet,
        ("wallet",),
        ("other-hosts",),
    ),
    Check("balance", Group.WALLET, "Balance", worker.check_balance, ("wallet",)),
    Check("endpoints", Group.WALLET, "Endpoints", check_endpoints, _SETTINGS),
    Check("topics", Group.WALLET, "Topics", worker.check_topics, _SETTINGS),
    Check(
        "model-fit", Group.WALLET, "Model fits", model_fit.check_model_fit, _SETTINGS, ("topics",)
    ),
    Check("cost", Group.COST, "Monthly", account.check_cost, _CREDENTIALS),
)
