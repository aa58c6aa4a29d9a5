"""The log groups of the worker's host."""

from __future__ import annotations

from collections.abc import Mapping

from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.data_aws_cloudwatch_log_groups import DataAwsCloudwatchLogGroups
from constructs import Construct

from constructs_lib.addresses import address


class LogGroups(Construct):
    """One CloudWatch log group for each part of the host.

    Terraform creates them, not the host, so that they have a retention, outlive a replaced host
    and go with `cdktf destroy`. An existing group is imported: a deployment that was killed before
    it wrote its state may have left it.

    Args:
        prefix: the common beginning of all names.
        names: the groups' names by part; the part is the construct's id.
        retention_days: a value that CloudWatch Logs accepts.

    Attributes:
        imports: the import blocks, which only the stack can have.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        prefix: str,
        names: Mapping[str, str],
        retention_days: int,
    ) -> None:
        super().__init__(scope, id_)
        existing = DataAwsCloudwatchLogGroups(self, "existing", log_group_name_prefix=prefix)
        self.imports: list[dict[str, str]] = []
        for part, name in names.items():
            group = CloudwatchLogGroup(self, part, name=name, retention_in_days=retention_days)
            self.imports.append(
                {
                    "for_each": (
                        f"${{toset([for name in {address(existing)}.log_group_names "
                        f': name if name == "{name}"])}}'
                    ),
                    "to": address(group),
                    "id": "${each.value}",
                }
            )
