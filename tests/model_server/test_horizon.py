from __future__ import annotations

import pytest
from model_server.horizon import parse_horizon


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5min", 300),
        ("8h", 28_800),
        ("24h", 86_400),
        ("1d", 86_400),
        ("30d", 2_592_000),
        (" 1h ", 3600),
    ],
)
def test_forms(text: str, seconds: float) -> None:
    assert parse_horizon(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "5", "5m", "h", "-1h", "1.5h", "0min", "31d", "1h30min", "99999999h"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no horizon"):
        parse_horizon(text)
