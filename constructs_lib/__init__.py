"""Reusable constructs: each takes what it needs as typed arguments and owns its resources."""
