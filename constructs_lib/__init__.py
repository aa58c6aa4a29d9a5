"""Reusable constructs: each takes what it needs as typed arguments and owns its resources."""

from constructs_lib import lazy_provider

# Before any construct imports the AWS provider package.
lazy_provider.install()
