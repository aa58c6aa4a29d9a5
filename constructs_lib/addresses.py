"""Addresses of resources, for the few places where Terraform takes no expression."""

from __future__ import annotations

from cdktf import TerraformDataSource, TerraformResource


def address(element: TerraformResource | TerraformDataSource) -> str:
    """An element's address, such as ``aws_instance.host_instance_168AED24``.

    cdktf's own ``fqn`` is a token that becomes an expression.
    """
    prefix = "data." if isinstance(element, TerraformDataSource) else ""
    return f"{prefix}{element.terraform_resource_type}.{element.friendly_unique_id}"
