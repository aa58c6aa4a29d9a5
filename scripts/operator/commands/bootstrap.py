"""`allora bootstrap`."""

from __future__ import annotations

from scripts.operator import screen
from scripts.operator.office import open_office
from scripts.operator.state_bucket import ensure_state_bucket


def bootstrap(*, json: screen.Json = False) -> None:
    """Makes the S3 bucket that holds Terraform's state, or checks and mends the one that is there.

    Safe to run at any time. Example: pipenv run allora bootstrap
    """
    office = open_office()
    settings = office.settings
    steps = ensure_state_bucket(
        office.session.client("s3", region_name=settings.state_region),
        bucket=settings.state_bucket,
        region=settings.state_region,
        account_id=settings.aws_account_id,
        partition=settings.partition,
    )
    if json:
        screen.result({"bucket": settings.state_bucket, "steps": list(steps)})
        return
    screen.out.print(
        f"State bucket [bold]{settings.state_bucket}[/] ({settings.state_region}, "
        f"account {settings.aws_account_id})"
    )
    for step in steps:
        screen.out.print(f"  ✔ {step}")
    screen.out.print("Ready. Next: [bold]pipenv run allora doctor[/]")
