"""Addresses of resources, where Terraform takes no expression."""

from __future__ import annotations

from cdktf import TerraformDataSource, TerraformResource


def address(element: TerraformResource | TerraformDataSource) -> str:
    """Return an address such as `aws_instance.host_instance_168AED24`.

    cdktf's `fqn` is a token, which becomes an expression.
    """
    prefix = "data." if isinstance(element, TerraformDataSource) else ""
    return f"{prefix}{element.terraform_resource_type}.{element.friendly_unique_id}"
