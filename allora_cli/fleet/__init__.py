"""Operate the workers of `fleet.toml`, which run on Fargate."""
