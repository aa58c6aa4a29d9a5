"""The published formulas of scores, weights and rewards, with the chain's own test values."""

from __future__ import annotations

from decimal import Decimal

import pytest

from devtools.fake_chain import rewards
from devtools.fake_chain.decimals import gradient, potential, standard_deviation, text
from devtools.fake_chain.losses import SMALLEST, Losses, consensus, log_loss
from devtools.fake_chain.regrets import Regrets

TOPIC = 69


def losses(
    combined: str = "0",
    inferers: dict[str, str] | None = None,
    without: dict[str, str] | None = None,
    forecasters: dict[str, str] | None = None,
) -> Losses:
    """Losses of an epoch; forecasters' alone, without them and with one of them are the same."""
    of_forecasters = {each: Decimal(loss) for each, loss in (forecasters or {}).items()}
    return Losses(
        combined=Decimal(combined),
        naive=Decimal(combined),
        inferers={each: Decimal(loss) for each, loss in (inferers or {}).items()},
        forecasters=of_forecasters,
        without_inferers={each: Decimal(loss) for each, loss in (without or {}).items()},
        without_forecasters=of_forecasters,
        with_forecasters=of_forecasters,
    )


@pytest.mark.parametrize(
    ("p", "x", "expected"),
    [("2", "1", "1.2449186624037092"), ("10", "3", "9.999999998308102")],
)
def test_gradient(p: str, x: str, expected: str) -> None:
    """TestGradient in math/utils_test.go."""
    found = gradient(Decimal(p), Decimal("0.75"), Decimal(x))
    assert float(found) == pytest.approx(float(expected), rel=1e-15)


def test_the_potential_is_the_gradients_integral() -> None:
    p, c, step = Decimal(3), Decimal("0.75"), Decimal("1e-6")
    for x in (Decimal("-1"), Decimal("0.75"), Decimal(4)):
        slope = (potential(p, c, x + step) - potential(p, c, x - step)) / (2 * step)
        assert float(slope) == pytest.approx(float(gradient(p, c, x)), rel=1e-6)


def test_deviation_of_few() -> None:
    assert standard_deviation([]) == standard_deviation([Decimal(3)]) == 0
    assert standard_deviation([Decimal(1), Decimal(3), Decimal(5)]) == 2


def test_an_inferer_is_worth_what_the_network_loses_without_it() -> None:
    epoch = losses("-1", {"a": "-2", "b": "0"}, {"a": "0.5", "b": "-1.5"})
    assert rewards.inferer_scores(epoch) == {"a": Decimal("1.5"), "b": Decimal("-0.5")}


def test_a_single_one_has_no_score() -> None:
    assert rewards.inferer_scores(losses("-1", {"a": "-2"}, {"a": "-1"})) == {"a": 0}
    assert rewards.forecaster_scores(losses("-1", forecasters={"a": "-2"})) == {"a": 0}


def test_a_forecaster_counts_alone_and_among_the_others() -> None:
    """With two, half of the score is what it does alone: 1 / 2 ** (2 - 1)."""
    epoch = losses("-1", forecasters={"a": "-3", "b": "0"})
    # Alone it lowers the loss by 2; without it the network would lose 2 less.
    assert rewards.forecaster_scores(epoch) == {"a": 0, "b": 0}


def test_the_reputer_nearest_to_the_others_scores_most() -> None:
    bundles = {name: losses(combined) for name, combined in (("a", "1"), ("b", "1.1"), ("c", "9"))}
    stakes = {"a": Decimal(50), "b": Decimal(50), "c": Decimal(1)}
    agreed = consensus(bundles, stakes)
    assert float(agreed.combined) == pytest.approx((50 + 55 + 9) / 101)
    scores = rewards.reputer_scores(bundles, agreed)
    assert scores["b"] > scores["a"] > scores["c"]
    assert rewards.reputer_scores({"a": agreed}, agreed) == {"a": 100}


def test_scores_that_hardly_differ_earn_the_same() -> None:
    scores = {"a": Decimal("0.001"), "b": Decimal("0.002")}
    assert rewards.worker_fractions("inferer", scores, scores.values()) == {
        "a": Decimal("0.5"),
        "b": Decimal("0.5"),
    }


def test_a_better_score_earns_more_and_a_bad_one_hardly_anything() -> None:
    scores = {"a": Decimal(1), "b": Decimal(0), "c": Decimal(-30)}
    fractions = rewards.worker_fractions("inferer", scores, scores.values())
    assert sum(fractions.values()) == pytest.approx(1)
    assert fractions["a"] > fractions["b"] > fractions["c"] > 0


@pytest.mark.parametrize(
    ("stakes", "scores", "expected"),
    [(("1", "1"), ("1", "1"), 0.5), (("2", "1"), ("1", "1"), 8 / 9), (("1", "1"), ("1", "0"), 1)],
)
def test_reputers_earn_by_score_and_stake(
    stakes: tuple[str, str], scores: tuple[str, str], expected: float
) -> None:
    found = rewards.reputer_fractions(
        dict(zip("ab", map(Decimal, scores), strict=True)),
        dict(zip("ab", map(Decimal, stakes), strict=True)),
    )
    assert float(found["a"]) == pytest.approx(expected)


@pytest.mark.parametrize("has_forecasters", [True, False])
def test_a_reward_is_divided_completely(*, has_forecasters: bool) -> None:
    shares = rewards.shares(Decimal(900), has_forecasters=has_forecasters)
    assert sum(shares.values()) == pytest.approx(900)
    assert bool(shares["forecaster"]) == has_forecasters


def test_weights_follow_regrets_slowly() -> None:
    regrets = Regrets()
    regrets.add(TOPIC, 1, losses("0", {"good": "-1", "bad": "1"}))
    first = dict(regrets.weights(TOPIC, "inferer"))
    assert first["good"] > first["bad"]
    assert float(sum(first.values())) == pytest.approx(1)
    regrets.add(TOPIC, 2, losses("0", {"good": "1", "bad": "-1"}))
    assert regrets.regret(TOPIC, "inferer", "good").value == Decimal("0.8")
    assert regrets.weights(TOPIC, "inferer")["good"] > regrets.weights(TOPIC, "inferer")["bad"]


def test_losses_have_a_smallest_and_a_method() -> None:
    truth = {"y": Decimal(100)}
    assert log_loss("mse", truth, truth) == SMALLEST.log10()
    assert log_loss("mse", truth, {"y": Decimal(110)}) == 2
    assert log_loss("mae", truth, {"y": Decimal(110)}) == 1


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("1E+90", "1" + "0" * 90),
        ("1E+3", "1000"),
        ("-0.50", "-0.5"),
        ("0E-9", "0"),
        ("-1e-30", "0"),
        ("1e-7", "0.0000001"),
    ],
)
def test_numbers_are_written_plainly(value: str, written: str) -> None:
    assert text(Decimal(value)) == written
