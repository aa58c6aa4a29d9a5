"""All checks, in the order of the screen."""

from __future__ import annotations

from typing import Final

from allora_cli.doctor import account, bill, computer, machine, permissions, state, worker
from allora_cli.doctor.findings import Check, Group

CHECKS: Final = (
    Check("python", Group.COMPUTER, "Python", computer.look_at_python),
    Check("node", Group.COMPUTER, "Node.js", computer.look_at_node),
    Check("cdktf", Group.COMPUTER, "cdktf", computer.look_at_cdktf),
    Check("terraform", Group.COMPUTER, "Terraform", computer.look_at_terraform),
    Check(
        "session-manager",
        Group.COMPUTER,
        "Session Manager",
        computer.look_at_session_manager,
    ),
    Check("settings", Group.SETTINGS, ".env", account.look_at_settings),
    Check(
        "credentials",
        Group.ACCOUNT,
        "Credentials",
        account.look_at_credentials,
        needs=("settings",),
    ),
    Check("region", Group.ACCOUNT, "Region", account.look_at_region, needs=("credentials",)),
    Check(
        "permissions",
        Group.ACCOUNT,
        "IAM actions",
        permissions.look_at_permissions,
        needs=("credentials",),
    ),
    Check("state-bucket", Group.STATE, "Bucket", state.look_at_bucket, needs=("credentials",)),
    Check("state-lock", Group.STATE, "Lock", state.look_at_lock, needs=("credentials",)),
    Check(
        "instance-type",
        Group.DEPLOYMENT,
        "Instance type",
        machine.look_at_instance_type,
        needs=("region",),
    ),
    Check("vcpus", Group.DEPLOYMENT, "Quota: vCPUs", machine.look_at_vcpus, needs=("region",)),
    Check(
        "elastic-ips",
        Group.DEPLOYMENT,
        "Quota: addresses",
        machine.look_at_addresses,
        needs=("region",),
    ),
    Check("vpcs", Group.DEPLOYMENT, "Quota: VPCs", machine.look_at_vpcs, needs=("region",)),
    Check("image", Group.DEPLOYMENT, "Machine image", machine.look_at_image, needs=("region",)),
    Check(
        "exposure",
        Group.DEPLOYMENT,
        "Open ports",
        worker.look_at_exposure,
        needs=("settings",),
        after=("secrets",),
    ),
    Check(
        "other-hosts",
        Group.DEPLOYMENT,
        "Hosts",
        worker.look_for_other_hosts,
        needs=("region",),
    ),
    Check("secrets", Group.WALLET, "Secrets", worker.look_at_secrets, needs=("region",)),
    Check("wallet", Group.WALLET, "Address", worker.look_at_wallet, needs=("region",)),
    Check("balance", Group.WALLET, "Balance", worker.look_at_balance, needs=("wallet",)),
    Check("topics", Group.WALLET, "Topics", worker.look_at_topics, needs=("settings",)),
    Check(
        "cost",
        Group.COST,
        "Monthly",
        bill.look_at_cost,
        needs=("settings",),
        after=("credentials",),
    ),
)
