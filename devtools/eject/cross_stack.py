"""Give readable names to what a stack reads from another one's state."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Final

from devtools.eject.expressions import Hcl, Json

_REFERENCE: Final = re.compile(r"data\.terraform_remote_state\.[\w-]+\.outputs\.([\w-]+)")
_PREFIX: Final = "cross-stack-output-"


def output_names(stacks: Mapping[str, Json]) -> dict[str, str]:
    """Return a name as in `sns_topic_arn` for each output that other stacks read.

    CDKTF notes in each stack of which attribute an output is.
    """
    attributes = {
        output: attribute.removeprefix(_PREFIX).removeprefix("aws_")
        for stack in stacks.values()
        for attribute, output in stack["//"].get("outputs", {}).get(_id_of(stack), {}).items()
    }
    short = {output: _without_id(attribute) for output, attribute in attributes.items()}
    times = Counter(short.values())
    return {
        output: short[output] if times[short[output]] == 1 else attribute.replace(".", "_")
        for output, attribute in attributes.items()
    }


def with_local_names(stack: Json, names: Mapping[str, str]) -> tuple[Json, dict[str, Hcl]]:
    """Return a stack that reads other stacks' outputs from locals, and these locals.

    Args:
        stack: As it was synthesized.
        names: Of the locals, by output.
    """
    local_values = {}

    def local_name(reference: re.Match[str]) -> str:
        name = names[reference[1]]
        local_values[name] = Hcl(reference[0])
        return f"local.{name}"

    changed = json.loads(_REFERENCE.sub(local_name, json.dumps(stack)))
    return changed, dict(sorted(local_values.items()))


def _id_of(stack: Json) -> str:
    return str(stack["//"]["metadata"]["stackName"])


def _without_id(attribute: str) -> str:
    """Return `sns_topic_arn` for `sns_topic.alarm-topic_D89A1C02.arn`."""
    type_, _, rest = attribute.partition(".")
    return f"{type_}_{rest.partition('.')[2]}"
