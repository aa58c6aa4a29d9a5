"""The catalogue of AWS is what its generator makes of the locked data."""

from devtools.aws_catalogue.__main__ import OUTPUT, generate
from settings.catalogue import catalogue


def test_the_catalogue_is_up_to_date() -> None:
    assert OUTPUT.read_text(encoding="utf-8") == generate(), (
        "settings/aws_catalogue.json is stale: run python -m devtools.aws_catalogue"
    )


def test_regions() -> None:
    regions = catalogue().regions
    assert regions["us-east-1"] == "aws"
    assert regions["cn-north-1"] == "aws-cn"
    assert "us-iso-east-1" not in regions


def test_instance_types() -> None:
    types = catalogue().instance_types
    assert types["t3.medium"] == ("x86_64", 2, 4096, True, False, True, True, False)
    assert types["t4g.medium"].architecture == "arm64"
    assert types["i4i.large"].instance_store
    assert not types["t2.medium"].nitro
    assert types["c6g.metal"].nitro
    assert not [name for name in types if name.startswith("mac")]
