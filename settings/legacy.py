"""Variables of the AWS Node Runners' Allora blueprint that are ignored with a warning.

Those of all its revisions:
https://github.com/aws-samples/aws-blockchain-node-runners (lib/allora/sample-configs)
"""

_NETWORK = "choose the network with ALLORA_NETWORK (testnet or mainnet)"
_NODE_RPC = (
    "the SDK speaks gRPC and knows its network's address; "
    "for another one set ALLORA_GRPC_URL (grpc+https://host:443)"
)
_VPC = "the VPC has one public subnet and no NAT gateway; AWS_VPC_CIDR sets its network"
_KEY_NAME = "the SDK needs no key name: the wallet is the mnemonic in Parameter Store"
_TUNED = "the Allora SDK sets fees, gas and retries by itself"
_REPUTER = "a reputer here is a worker of its own, with ALLORA_WORKER_ROLE=reputer"

LEGACY: dict[str, str] = {
    "AWS_VPC_MAX_AZS": _VPC,
    "AWS_VPC_NAT_GATEWAYS": _VPC,
    "AWS_VPC_CIDR_MASK": _VPC,
    "ALLORA_ENV": _NETWORK,
    "ALLORA_NETWORK_NAME": _NETWORK,
    "ALLORA_NODE_RPC": _NODE_RPC,
    "ALLORA_TOPIC_ID": "the topic's setting is ALLORA_WORKER_TOPIC_ID",
    "ALLORA_ACCOUNT_NAME": _KEY_NAME,
    "ALLORA_WALLET_ADDRESS_KEY_NAME": _KEY_NAME,
    "ALLORA_WALLET_HOME_DIR": "the SDK keeps no key ring on disk",
    "ALLORA_WALLET_NODE_RPC": _NODE_RPC,
    "ALLORA_WALLET_*": _TUNED,
    "ALLORA_WORKER_INFERENCE_ENTRYPOINT_NAME": (
        "the worker asks the model at ALLORA_WORKER_INFERENCE_ENDPOINT directly"
    ),
    "ALLORA_WORKER_LOOP_SECONDS": "the SDK follows the topic's submission windows on the chain",
    "ALLORA_REPUTER_TOKEN": _REPUTER,  # listed by name: it is no secret
    "ALLORA_REPUTER_*": _REPUTER,
}
"""Reason by name; ``*`` stands for any ending."""


def legacy_reason(name: str) -> str | None:
    """Return why the blueprint's variable is ignored; None for any other variable."""
    if name in LEGACY:
        return LEGACY[name]
    for pattern, reason in LEGACY.items():
        if pattern.endswith("*") and name.startswith(pattern[:-1]):
            return reason
    return None
