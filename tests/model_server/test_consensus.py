from __future__ import annotations

import pytest
from model_server.consensus import DisagreementError, agree


def test_the_median_of_all_that_agree() -> None:
    assert agree({"a": 100.0, "b": 101.0, "c": 103.0}).price == 101.0
    assert agree({"a": 100.0, "b": 101.0}).price == 100.5
    assert agree({"a": 100.0}).price == 100.0


@pytest.mark.parametrize("lie", [0.0001, 94.0, 107.0, 1e12])
def test_one_of_three_that_is_far_off_is_left_out(lie: float) -> None:
    consensus = agree({"a": 100.0, "liar": lie, "c": 101.0})
    assert consensus.price == 100.5
    assert consensus.outliers == ("liar",)


def test_of_two_that_differ_neither_is_believed() -> None:
    with pytest.raises(DisagreementError, match="disagree: a 100, b 120"):
        agree({"a": 100.0, "b": 120.0})


@pytest.mark.parametrize("prices", [(100.0, 120.0, 140.0), (100.0, 110.0, 110.0, 120.0)])
def test_without_a_majority_none_is_believed(prices: tuple[float, ...]) -> None:
    with pytest.raises(DisagreementError):
        agree({f"source{number}": price for number, price in enumerate(prices)})
