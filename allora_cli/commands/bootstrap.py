"""`allora bootstrap`."""

from __future__ import annotations

from allora_cli.context import open_context
from allora_cli.terminal import console
from allora_cli.terraform.state_bucket import ensure_state_bucket


def bootstrap(*, json: console.Json = False) -> None:
    """Create the S3 bucket for Terraform's state, or check and repair the existing one.

    Safe to run at any time.
    Example: allora bootstrap
    """
    context = open_context()
    settings = context.settings
    steps = ensure_state_bucket(
        context.session.client("s3", region_name=settings.state_region),
        bucket=settings.state_bucket,
        region=settings.state_region,
        account_id=settings.aws_account_id,
        partition=settings.partition,
    )
    if json:
        console.result({"bucket": settings.state_bucket, "steps": list(steps)})
        return
    console.out.print(
        f"State bucket [bold]{settings.state_bucket}[/] ({settings.state_region}, "
        f"account {settings.aws_account_id})"
    )
    for step in steps:
        console.out.print(f"  ✔ {step}")
    console.out.print("Ready. Next: [bold]allora doctor[/]")
