"""`allora bootstrap`."""

from __future__ import annotations

from allora_cli.terminal import console


def bootstrap(*, json: console.Json = False) -> None:
    """Create the S3 bucket for Terraform's state, or check and repair the existing one.

    Safe to run at any time.

    Example: allora bootstrap
    """
    from allora_cli.context import open_context
    from allora_cli.terraform.state_bucket import ensure_state_bucket

    context = open_context()
    settings = context.settings
    steps = ensure_state_bucket(
        context.session.client("s3", region_name=settings.state_region),
        bucket=settings.state_bucket,
        region=settings.state_region,
        account_id=settings.aws_account_id,
        partition=settings.partition,
    )
    bucket = settings.state_bucket
    lines = [
        f"State bucket {bucket} ({settings.state_region}, account {settings.aws_account_id})",
        *(f"  ✔ {step}" for step in steps),
        "Ready. Next: allora doctor",
    ]
    console.show({"bucket": bucket, "steps": list(steps)}, lines, json=json)
