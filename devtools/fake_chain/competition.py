"""The topics' epochs: who takes part in each, how well, and for what reward."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import TypeVar

from . import losses, played, rewards
from .accounts import Accounts
from .active_set import ActiveSet, Rules
from .behaviour import Behaviour
from .competitors import Competitor, Kind
from .decimals import ZERO, text
from .epoch import Epoch, Forecasts
from .facts import TopicFacts
from .losses import Losses
from .network import Inferences, Values, implied, numbers
from .options import Options
from .regrets import Regrets
from .rejection import Rejection
from .scores import Average, Scores, next_average
from .transactions import Payload
from .windows import Event, typed_event

Content = TypeVar("Content")

ACTOR_TYPES: Mapping[Kind, str] = {
    "inferer": "ACTOR_TYPE_INFERER_UNSPECIFIED",
    "forecaster": "ACTOR_TYPE_FORECASTER",
    "reputer": "ACTOR_TYPE_REPUTER",
}
"""The names of ActorType, which a typed event carries."""


class Competition:
    """All epochs of all topics.

    Args:
        options: The topics' durations.
        accounts: Who is paid.
        stakes: What real reputers have staked, in uallo, by topic and address.
        behaviour: Tells who else takes part, and by which rules.
    """

    def __init__(
        self,
        options: Options,
        accounts: Accounts,
        stakes: Counter[tuple[int, str]],
        behaviour: Callable[[], Behaviour],
    ) -> None:
        self.scores = Scores()
        self.regrets = Regrets()
        self.fractions: dict[tuple[int, Kind, str], Decimal] = {}
        self.inclusions: Counter[tuple[int, Kind, str]] = Counter()
        self._options = options
        self._accounts = accounts
        self._stakes = stakes
        self._behaviour = behaviour
        self._active_reputers: dict[int, ActiveSet[tuple[int, Losses]]] = {}
        self._epochs: dict[int, dict[int, Epoch]] = defaultdict(dict)

    def epoch(self, topic: int, nonce: int) -> Epoch | None:
        """Return a topic's epoch, or None."""
        return self._epochs[topic].get(nonce)

    def epochs(self, topic: int) -> list[Epoch]:
        """Return a topic's epochs, newest first."""
        return [self._epochs[topic][nonce] for nonce in sorted(self._epochs[topic], reverse=True)]

    def facts(self, topic: int) -> TopicFacts:
        """Return what distinguishes a topic."""
        return self._behaviour().topics.get(topic, TopicFacts())

    def begin(self, topic: int, nonce: int) -> None:
        """Begin an epoch; the played inferers submit at once."""
        epoch = Epoch(
            topic,
            nonce,
            ActiveSet((topic, "inferer"), self.scores),
            ActiveSet((topic, "forecaster"), self.scores),
        )
        self._epochs[topic][nonce] = epoch
        for competitor in self._played(topic, "inferer"):
            self._play(epoch.inferers, competitor, nonce, None)

    def check(self, payload: Payload) -> None:
        """Raise `Rejection` when somebody has already submitted."""
        self._set_of(payload).check(payload.address, payload.nonce)

    def submit(self, payload: Payload) -> bool:
        """Take a submission.

        Returns:
            Whether it counts; it is dropped otherwise.

        Raises:
            Rejection: They have already submitted.
        """
        kind, address, nonce = payload.role, payload.address, payload.nonce
        if payload.losses:
            bundle = losses.submitted(payload.losses)
            return self._admit(self._reputers(payload.topic), kind, address, nonce, (nonce, bundle))
        epoch = self._epochs[payload.topic][nonce]
        if kind == "forecaster":
            forecasts = {inferer: Decimal(loss) for inferer, loss in payload.forecasts.items()}
            return self._admit(epoch.forecasters, kind, address, nonce, forecasts)
        return self._admit(epoch.inferers, kind, address, nonce, numbers(payload))

    def end_inferring(self, topic: int, nonce: int) -> bool:
        """Close an epoch for workers.

        Returns:
            Whether there is anything to score.
        """
        epoch = self._epochs[topic][nonce]
        self._play_forecasters(epoch)
        epoch.inferences = self._infer(epoch)
        self.inclusions.update((topic, "inferer", each) for each in epoch.inferences.inferers)
        self.inclusions.update((topic, "forecaster", each) for each in epoch.inferences.forecasters)
        return bool(epoch.inferences.inferers)

    def end_reputing(self, topic: int, nonce: int, height: int) -> list[Event]:
        """Close an epoch for reputers: score everybody, and pay.

        A bundle for another nonce is thrown away: there is one place for each reputer in a topic.
        https://github.com/allora-network/allora-sdk-py/pull/100

        Returns:
            What the network tells of it: the rewards.
        """
        epoch = self._epochs[topic][nonce]
        active = self._reputers(topic)
        self._play_reputers(epoch, active)
        epoch.bundles = {
            address: bundle for address, (about, bundle) in active.members.items() if about == nonce
        }
        active.clear()
        if not epoch.bundles or not epoch.inferences or not epoch.inferences.inferers:
            return []
        stakes = self._all_stakes(topic, epoch.bundles)
        epoch.losses = losses.consensus(epoch.bundles, stakes)
        self.regrets.add(topic, nonce, epoch.losses)
        self._score(epoch, epoch.losses)
        self._divide(epoch, stakes)
        return self._pay(epoch, height)

    def inferences(self, epoch: Epoch) -> Inferences:
        """Return what the network infers, so far if the workers' window is still open."""
        return epoch.inferences or self._infer(epoch)

    def lowest(self, topic: int, kind: Kind) -> tuple[str, Average] | None:
        """Return who has the lowest average of those that count, and that average, or None."""
        if kind == "reputer":
            return self._reputers(topic).lowest
        sets = [
            epoch.inferers if kind == "inferer" else epoch.forecasters
            for epoch in self.epochs(topic)
        ]
        return next((each.lowest for each in sets if each.lowest), None)

    def live(self, topic: int, address: str) -> tuple[int, Values] | None:
        """Return an inferer's submission to a window that is open: nonce and values, or None.

        When a window closes, the chain clears what was submitted to it:
        `ResetWorkersIndividualSubmissionsForTopic` in x/emissions/keeper/actor_utils/worker.go.
        """
        for epoch in self.epochs(topic):
            values = epoch.inferers.members.get(address)
            if epoch.inferences is None and values is not None:
                return epoch.nonce, values
        return None

    # What the chain plays

    def _played(self, topic: int, kind: Kind) -> list[Competitor]:
        competitors = self.facts(topic).competitors
        if competitors is None:
            competitors = self._behaviour().competitors
        return [each for each in competitors if each.kind == kind]

    def _infer(self, epoch: Epoch) -> Inferences:
        inferers = self._predictions(epoch)
        forecasts = epoch.forecasters.members.items()
        return Inferences(
            inferers,
            {
                address: values
                for address, losses_of_inferers in forecasts
                if (values := implied(losses_of_inferers, inferers)) is not None
            },
            self.regrets.weights(epoch.topic, "inferer"),
            self.regrets.weights(epoch.topic, "forecaster"),
        )

    def _predictions(self, epoch: Epoch) -> dict[str, Values]:
        """Return what each inferer predicts, of those that count."""
        usual = played.expected(self.facts(epoch.topic), self._examples(epoch))
        errors = {each.address: each.error for each in self._played(epoch.topic, "inferer")}
        return {
            address: played.deviating(usual, errors.get(address, ZERO))
            if values is None
            else values
            for address, values in epoch.inferers.members.items()
        }

    def _play_forecasters(self, epoch: Epoch) -> None:
        facts, inferers = self.facts(epoch.topic), self._predictions(epoch)
        truth = played.true_values(facts, self._examples(epoch))
        for competitor in self._played(epoch.topic, "forecaster"):
            found = played.forecasts(competitor, inferers, truth, facts.loss_method)
            self._play(epoch.forecasters, competitor, epoch.nonce, found)

    def _examples(self, epoch: Epoch) -> list[Values]:
        """Return real inferers' predictions: the epoch's, then those of earlier ones."""
        before = [each for each in self.epochs(epoch.topic) if each.nonce <= epoch.nonce]
        return [
            values
            for each in before
            for values in each.inferers.members.values()
            if values is not None
        ]

    def _play_reputers(self, epoch: Epoch, active: ActiveSet[tuple[int, Losses]]) -> None:
        facts = self.facts(epoch.topic)
        truth = played.true_values(facts, self._examples(epoch))
        if not epoch.inferences or not epoch.inferences.inferers:
            return
        for competitor in self._played(epoch.topic, "reputer"):
            found = losses.measured(epoch.inferences, truth, facts.loss_method, competitor.error)
            self._play(active, competitor, epoch.nonce, (epoch.nonce, found))

    # Rules

    def _set_of(
        self, payload: Payload
    ) -> ActiveSet[Values | None] | ActiveSet[Forecasts] | ActiveSet[tuple[int, Losses]]:
        if payload.role == "reputer":
            return self._reputers(payload.topic)
        epoch = self._epochs[payload.topic][payload.nonce]
        return epoch.inferers if payload.role == "inferer" else epoch.forecasters

    def _reputers(self, topic: int) -> ActiveSet[tuple[int, Losses]]:
        if topic not in self._active_reputers:
            self._active_reputers[topic] = ActiveSet((topic, "reputer"), self.scores)
        return self._active_reputers[topic]

    def _admit(
        self, active: ActiveSet[Content], kind: Kind, address: str, nonce: int, content: Content
    ) -> bool:
        behaviour = self._behaviour()
        limits: Mapping[Kind, int] = {
            "inferer": behaviour.most_inferers,
            "forecaster": behaviour.most_forecasters,
            "reputer": behaviour.most_reputers,
        }
        rules = Rules(limits[kind], behaviour.score_alpha)
        missed = self._missed(active.topic, kind, address)
        return active.admit(address, nonce, content, rules, missed)

    def _missed(self, topic: int, kind: Kind, address: str) -> int:
        """Return how many epochs in a row somebody has missed before the current one.

        `countContiguousMissedEpochs` in x/emissions/keeper/actor_penalties.go. Where windows open
        on demand alone, nobody can miss one.
        """
        timing = self._options.timing(topic)
        if not timing.epoch or self._options.durations == "seconds":
            return 0
        newest = max(self._epochs[topic])
        before = newest - timing.epoch - (timing.lag if kind == "reputer" else 0)
        last = self.scores.average((topic, kind), address).height
        return max(0, -((last - before) // timing.epoch))

    def _play(
        self,
        active: ActiveSet[Content],
        competitor: Competitor,
        nonce: int,
        content: Content,
    ) -> None:
        with suppress(Rejection):  # after a change of who takes part
            self._admit(active, competitor.kind, competitor.address, nonce, content)

    def _score(self, epoch: Epoch, network: Losses) -> None:
        epoch.scores = {
            "inferer": rewards.inferer_scores(network),
            "forecaster": rewards.forecaster_scores(network),
            "reputer": rewards.reputer_scores(epoch.bundles, network),
        }
        for kind, scores in epoch.scores.items():
            # The 0 of a single worker changes no average.
            if kind == "reputer" or len(scores) > 1:
                alpha = self._behaviour().score_alpha
                self.scores.add((epoch.topic, kind), epoch.nonce, scores, alpha)

    def _divide(self, epoch: Epoch, stakes: Mapping[str, Decimal]) -> None:
        for kind, scores in epoch.scores.items():
            if kind == "reputer":
                epoch.fractions[kind] = rewards.reputer_fractions(scores, stakes)
            else:
                recent = self._recent_scores(epoch.topic, kind)
                epoch.fractions[kind] = rewards.worker_fractions(kind, scores, recent)
            self._remember(epoch.topic, kind, epoch.fractions[kind])

    def _recent_scores(self, topic: int, kind: Kind) -> list[Decimal]:
        scored = [epoch for epoch in self.epochs(topic) if epoch.scores][: rewards.SAMPLES]
        return [score for epoch in scored for score in epoch.scores[kind].values()]

    def _remember(self, topic: int, kind: Kind, fractions: Mapping[str, Decimal]) -> None:
        """Move the averages of the reward fractions, which sum up to one."""
        moved = {}
        for address, fraction in fractions.items():
            previous = self.fractions.get((topic, kind, address))
            moved[address] = next_average(
                rewards.FRACTION_ALPHA, fraction, previous or ZERO, is_first=previous is None
            )
        total = sum(moved.values(), ZERO)
        for address, fraction in moved.items():
            self.fractions[topic, kind, address] = fraction / total if total else ZERO

    def _pay(self, epoch: Epoch, height: int) -> list[Event]:
        reward = self.facts(epoch.topic).reward
        total = Decimal(self._behaviour().reward if reward is None else reward)
        parts = rewards.shares(total, has_forecasters=bool(epoch.scores["forecaster"]))
        for kind, fractions in epoch.fractions.items():
            paid = {each: fraction * parts[kind] for each, fraction in fractions.items()}
            # Less than the smallest coin is not paid, and not told.
            epoch.rewards[kind] = {each: amount for each, amount in paid.items() if int(amount)}
            for address, amount in epoch.rewards[kind].items():
                if kind == "reputer":  # https://docs.allora.network: rewards are staked again
                    self._stakes[epoch.topic, address] += int(amount)
                elif address in self._accounts:
                    self._accounts[address].balance += int(amount)
        return [_settled(epoch, kind, height) for kind in ACTOR_TYPES if epoch.rewards[kind]]

    def _all_stakes(self, topic: int, reputers: Iterable[str]) -> dict[str, Decimal]:
        played_stakes = {each.address: each.stake for each in self._played(topic, "reputer")}
        return {
            each: Decimal(played_stakes.get(each, 0) + self._stakes[topic, each])
            for each in reputers
        }


def _settled(epoch: Epoch, kind: Kind, height: int) -> Event:
    """Return the event of an epoch's rewards: `EventRewardsSettled` of emissions v10."""
    paid = epoch.rewards[kind]
    return typed_event(
        "emissions.v10.EventRewardsSettled",
        actor_type=ACTOR_TYPES[kind],
        topic_id=epoch.topic,
        block_height=epoch.nonce,
        addresses=list(paid),
        rewards=[text(amount) for amount in paid.values()],
        block_height_tx=height,
    )
