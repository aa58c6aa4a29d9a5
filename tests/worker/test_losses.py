from __future__ import annotations

from decimal import Decimal
from math import log10

import pytest
from allora_worker import loss_names
from allora_worker.czar import czar_loss
from allora_worker.errors import RefusedError
from allora_worker.labels import Labels
from allora_worker.losses import Truth, loss_method
from allora_worker.windows import Topic


def topic(method: str, labels: Labels | None = None) -> Topic:
    return Topic(69, "a topic", method, 54, 60, 12, labels)


@pytest.mark.parametrize(
    ("method", "loss"),
    [("mse", 9.0), ("SQE", 9.0), (" mae ", 3.0), ("abse", 3.0), ("logcosh", 2.3093285)],
)
def test_a_loss_is_the_logarithm_of_what_the_method_says(method: str, loss: float) -> None:
    found = loss_method(topic(method))
    assert not found.needs_std
    assert found.log_loss(Truth(Decimal(101)), 98.0) == pytest.approx(log10(loss), abs=1e-6)


def test_no_error_at_all_has_a_loss_too() -> None:
    assert loss_method(topic("mse")).log_loss(Truth(Decimal(1)), 1.0) == -100


@pytest.mark.parametrize(
    ("predicted", "loss"),
    [(-0.5, 1.277257108913288), (0.5, 0.270314256882699), (1.5, 0.260455524262833)],
)
def test_czar_has_the_published_values(predicted: float, loss: float) -> None:
    """Those of allora-forge-builder-kit's tests, in which alpha is 1."""
    assert czar_loss(1.0, predicted, 1.0, alpha=1) == pytest.approx(loss, rel=1e-12)


@pytest.mark.parametrize(
    ("truth", "predicted", "loss"),
    [
        (0.01, -0.005, 1.0329010445328892),
        (0.01, 0.005, 0.5379003738085858),
        (0.01, 0.03, 1.1221431616892041),
        (-0.05, -0.04, 0.08278803695500625),
        (0.0, 0.01, 1.2839725699049587),
        (0.0, -0.01, 1.2839725699049587),
    ],
)
def test_czar_is_what_the_networks_reputers_compute(
    truth: float, predicted: float, loss: float
) -> None:
    """The values of example_reputer_realistic in allora-sdk-py, at a standard deviation of 0.02."""
    assert czar_loss(truth, predicted, 0.02) == pytest.approx(loss, rel=1e-12)
    assert czar_loss(-truth, -predicted, 0.02) == pytest.approx(loss, rel=1e-12)


@pytest.mark.parametrize(
    ("method", "loss"),
    [("czar", 0.5379003738), ("ZTAE", 0.21719849486), ("zptae", 0.21548273731)],
)
def test_losses_of_returns_are_measured_in_standard_deviations(method: str, loss: float) -> None:
    found = loss_method(topic(method))
    assert found.needs_std
    truth = Truth(Decimal("0.01"), Decimal("0.02"))
    assert found.log_loss(truth, 0.005) == pytest.approx(log10(loss), abs=1e-9)
    tenfold = Truth(Decimal("0.1"), Decimal("0.2"))
    assert found.log_loss(tenfold, 0.05) == pytest.approx(log10(loss), abs=1e-9)


@pytest.mark.parametrize("method", sorted(loss_names.SQUARED | loss_names.ZTAE | {"LogCosh"}))
def test_a_method_has_all_of_its_names(method: str) -> None:
    assert loss_names.obstacle(69, method, has_labels=False) is None
    assert loss_method(topic(method)).name == method.lower()


@pytest.mark.parametrize("method", ["huber", "poisson", "bce"])
def test_a_method_with_parameters_that_the_chain_does_not_tell_is_refused(method: str) -> None:
    with pytest.raises(RefusedError) as caught:
        loss_method(topic(method))
    assert str(caught.value) == (
        f"topic 69 measures losses with {method!r}, whose parameters are not on the chain; choose "
        "a topic with mse, mae, logcosh, czar, ztae or zptae, or another ALLORA_WORKER_ROLE"
    )


@pytest.mark.parametrize("method", ["focal", "", "made-up"])
def test_a_method_that_is_not_published_is_refused(method: str) -> None:
    with pytest.raises(RefusedError, match=f"with {method!r}, which is not published; choose"):
        loss_method(topic(method))


def test_a_loss_over_several_labels_is_refused() -> None:
    with pytest.raises(RefusedError, match="with 'mse' over several labels, which is not publ"):
        loss_method(topic("mse", Labels(allowed=(), most=3)))
