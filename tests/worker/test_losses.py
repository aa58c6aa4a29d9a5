from __future__ import annotations

from math import log10

import pytest
from allora_worker.errors import RefusedError
from allora_worker.losses import log_loss


@pytest.mark.parametrize(
    ("method", "loss"),
    [("mse", 9.0), ("SQE", 9.0), (" mae ", 3.0), ("abse", 3.0), ("logcosh", 2.3093285)],
)
def test_a_loss_is_the_logarithm_of_what_the_method_says(method: str, loss: float) -> None:
    assert log_loss(method)(101.0, 98.0) == pytest.approx(log10(loss), abs=1e-6)


def test_no_error_at_all_has_a_loss_too() -> None:
    assert log_loss("mse")(1.0, 1.0) == -100


@pytest.mark.parametrize("method", ["czar", "zptae", "ztae", "huber", "poisson", "bce", ""])
def test_a_method_with_parameters_that_the_chain_does_not_tell_is_refused(method: str) -> None:
    with pytest.raises(RefusedError, match="choose another topic"):
        log_loss(method)
