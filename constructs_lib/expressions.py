"""Texts with characters that Terraform would interpret."""

from __future__ import annotations


def literal(text: str) -> str:
    """Escape what begins an expression of Terraform.

    https://developer.hashicorp.com/terraform/language/expressions/strings#escape-sequences
    """
    return text.replace("${", "$${").replace("%{", "%%{")
