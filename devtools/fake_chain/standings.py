"""What a node answers about how well participants do, and what they earn."""

from __future__ import annotations

from decimal import Decimal

from allora_sdk.rpc_client.protos.emissions import v3, v10
from grpclib.const import Status
from grpclib.exceptions import GRPCError

from . import losses
from .answers import Answer
from .competition import Competition
from .competitors import Kind
from .decimals import ZERO, text
from .epoch import Epoch
from .facts import SCALAR
from .ledger import Ledger


class Standings:
    """A part of the queries of the emissions module.

    Args:
        ledger: The chain that they are about.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    @property
    def _competition(self) -> Competition:
        return self._ledger.competition

    def answers(self) -> list[Answer]:
        """Return the methods."""
        return [
            self._inferences,
            self._forecasts,
            self._inferer_average,
            self._forecaster_average,
            self._reputer_average,
            self._lowest_inferer,
            self._lowest_forecaster,
            self._lowest_reputer,
            self._inferer_scores,
            self._forecaster_scores,
            self._reputer_scores,
            self._inferer_fraction,
            self._forecaster_fraction,
            self._reputer_fraction,
            self._network_losses,
            self._reputer_losses,
            self._inferer_regret,
            self._forecaster_regret,
            self._inferer_weight,
            self._forecaster_weight,
            self._inferer_inclusions,
            self._forecaster_inclusions,
        ]

    # Who is in

    def _inferences(
        self, request: v10.GetInferencesAtBlockRequest
    ) -> v10.GetInferencesAtBlockResponse:
        epoch = self._epoch(request.topic_id, request.block_height)
        found = epoch.inferences.inferers if epoch and epoch.inferences else {}
        labels = self._competition.facts(request.topic_id).labels or (SCALAR,)
        inferences = [
            v10.Inference(
                topic_id=request.topic_id,
                block_height=request.block_height,
                inferer=address,
                values=[text(values.get(label, ZERO)) for label in labels],
            )
            for address, values in sorted(found.items())
        ]
        return v10.GetInferencesAtBlockResponse(inferences=v10.Inferences(inferences=inferences))

    def _forecasts(
        self, request: v10.GetForecastsAtBlockRequest
    ) -> v10.GetForecastsAtBlockResponse:
        epoch = self._epoch(request.topic_id, request.block_height)
        active = epoch.inferences.forecasters if epoch and epoch.inferences else {}
        submitted = epoch.forecasters.members if epoch else {}
        forecasts = [
            v3.Forecast(
                topic_id=request.topic_id,
                block_height=request.block_height,
                forecaster=address,
                forecast_elements=[
                    v3.ForecastElement(inferer=inferer, value=text(loss))
                    for inferer, loss in submitted.get(address, {}).items()
                ],
            )
            for address in sorted(active)
        ]
        return v10.GetForecastsAtBlockResponse(forecasts=v3.Forecasts(forecasts=forecasts))

    # Scores

    def _inferer_average(
        self, request: v10.GetInfererScoreEmaRequest
    ) -> v10.GetInfererScoreEmaResponse:
        score = self._average(request.topic_id, "inferer", request.inferer)
        return v10.GetInfererScoreEmaResponse(score=score)

    def _forecaster_average(
        self, request: v10.GetForecasterScoreEmaRequest
    ) -> v10.GetForecasterScoreEmaResponse:
        score = self._average(request.topic_id, "forecaster", request.forecaster)
        return v10.GetForecasterScoreEmaResponse(score=score)

    def _reputer_average(
        self, request: v10.GetReputerScoreEmaRequest
    ) -> v10.GetReputerScoreEmaResponse:
        score = self._average(request.topic_id, "reputer", request.reputer)
        return v10.GetReputerScoreEmaResponse(score=score)

    def _lowest_inferer(
        self, request: v10.GetCurrentLowestInfererScoreRequest
    ) -> v10.GetCurrentLowestInfererScoreResponse:
        score = self._lowest(request.topic_id, "inferer")
        return v10.GetCurrentLowestInfererScoreResponse(score=score)

    def _lowest_forecaster(
        self, request: v10.GetCurrentLowestForecasterScoreRequest
    ) -> v10.GetCurrentLowestForecasterScoreResponse:
        score = self._lowest(request.topic_id, "forecaster")
        return v10.GetCurrentLowestForecasterScoreResponse(score=score)

    def _lowest_reputer(
        self, request: v10.GetCurrentLowestReputerScoreRequest
    ) -> v10.GetCurrentLowestReputerScoreResponse:
        score = self._lowest(request.topic_id, "reputer")
        return v10.GetCurrentLowestReputerScoreResponse(score=score)

    def _inferer_scores(
        self, request: v10.GetWorkerInferenceScoresAtBlockRequest
    ) -> v10.GetWorkerInferenceScoresAtBlockResponse:
        scores = self._scores(request.topic_id, request.block_height, "inferer")
        return v10.GetWorkerInferenceScoresAtBlockResponse(scores=scores)

    def _forecaster_scores(
        self, request: v10.GetWorkerForecastScoresAtBlockRequest
    ) -> v10.GetWorkerForecastScoresAtBlockResponse:
        scores = self._scores(request.topic_id, request.block_height, "forecaster")
        return v10.GetWorkerForecastScoresAtBlockResponse(scores=scores)

    def _reputer_scores(
        self, request: v10.GetReputersScoresAtBlockRequest
    ) -> v10.GetReputersScoresAtBlockResponse:
        scores = self._scores(request.topic_id, request.block_height, "reputer")
        return v10.GetReputersScoresAtBlockResponse(scores=scores)

    # Rewards

    def _inferer_fraction(
        self, request: v10.GetPreviousInferenceRewardFractionRequest
    ) -> v10.GetPreviousInferenceRewardFractionResponse:
        fraction = self._fraction(request.topic_id, "inferer", request.worker)
        return v10.GetPreviousInferenceRewardFractionResponse(
            reward_fraction=text(fraction or ZERO), not_found=fraction is None
        )

    def _forecaster_fraction(
        self, request: v10.GetPreviousForecastRewardFractionRequest
    ) -> v10.GetPreviousForecastRewardFractionResponse:
        fraction = self._fraction(request.topic_id, "forecaster", request.worker)
        return v10.GetPreviousForecastRewardFractionResponse(
            reward_fraction=text(fraction or ZERO), not_found=fraction is None
        )

    def _reputer_fraction(
        self, request: v10.GetPreviousReputerRewardFractionRequest
    ) -> v10.GetPreviousReputerRewardFractionResponse:
        fraction = self._fraction(request.topic_id, "reputer", request.reputer)
        return v10.GetPreviousReputerRewardFractionResponse(
            reward_fraction=text(fraction or ZERO), not_found=fraction is None
        )

    # Losses and weights

    def _network_losses(
        self, request: v10.GetNetworkLossBundleAtBlockRequest
    ) -> v10.GetNetworkLossBundleAtBlockResponse:
        topic, nonce = request.topic_id, request.block_height
        epoch = self._epoch(topic, nonce)
        bundle = losses.bundle(topic, nonce, epoch.losses if epoch else None)
        return v10.GetNetworkLossBundleAtBlockResponse(loss_bundle=bundle)

    def _reputer_losses(
        self, request: v10.GetReputerLossBundlesAtBlockRequest
    ) -> v10.GetReputerLossBundlesAtBlockResponse:
        topic, nonce = request.topic_id, request.block_height
        epoch = self._epoch(topic, nonce)
        return v10.GetReputerLossBundlesAtBlockResponse(
            loss_bundles=[
                losses.bundle(topic, nonce, bundle, reputer)
                for reputer, bundle in sorted(epoch.bundles.items() if epoch else ())
            ]
        )

    def _inferer_regret(
        self, request: v10.GetInfererNetworkRegretRequest
    ) -> v10.GetInfererNetworkRegretResponse:
        regret = self._regret(request.topic_id, "inferer", request.actor_id)
        return v10.GetInfererNetworkRegretResponse(regret=regret)

    def _forecaster_regret(
        self, request: v10.GetForecasterNetworkRegretRequest
    ) -> v10.GetForecasterNetworkRegretResponse:
        regret = self._regret(request.topic_id, "forecaster", request.worker)
        return v10.GetForecasterNetworkRegretResponse(regret=regret)

    def _inferer_weight(
        self, request: v10.GetLatestInfererWeightRequest
    ) -> v10.GetLatestInfererWeightResponse:
        weight = self._weight(request.topic_id, "inferer", request.actor_id)
        return v10.GetLatestInfererWeightResponse(weight=weight)

    def _forecaster_weight(
        self, request: v10.GetLatestForecasterWeightRequest
    ) -> v10.GetLatestForecasterWeightResponse:
        weight = self._weight(request.topic_id, "forecaster", request.actor_id)
        return v10.GetLatestForecasterWeightResponse(weight=weight)

    def _inferer_inclusions(
        self, request: v10.GetCountInfererInclusionsInTopicRequest
    ) -> v10.GetCountInfererInclusionsInTopicResponse:
        self._require(request.topic_id)
        count = self._competition.inclusions[request.topic_id, "inferer", request.inferer]
        return v10.GetCountInfererInclusionsInTopicResponse(count=count)

    def _forecaster_inclusions(
        self, request: v10.GetCountForecasterInclusionsInTopicRequest
    ) -> v10.GetCountForecasterInclusionsInTopicResponse:
        self._require(request.topic_id)
        count = self._competition.inclusions[request.topic_id, "forecaster", request.forecaster]
        return v10.GetCountForecasterInclusionsInTopicResponse(count=count)

    # What several answers need

    def _epoch(self, topic: int, nonce: int) -> Epoch | None:
        self._require(topic)
        return self._competition.epoch(topic, nonce)

    def _average(self, topic: int, kind: Kind, address: str) -> v3.Score:
        self._require(topic)
        average = self._competition.scores.average((topic, kind), address)
        return _score(topic, average.height, address, average.score)

    def _lowest(self, topic: int, kind: Kind) -> v3.Score:
        self._require(topic)
        lowest = self._competition.lowest(topic, kind)
        if lowest is None:
            # As the chain answers any error that it does not expect: no status of its own.
            text = f"no lowest {kind} score found for this topic"
            raise GRPCError(Status.UNKNOWN, text)
        address, average = lowest
        return _score(topic, average.height, address, average.score)

    def _scores(self, topic: int, nonce: int, kind: Kind) -> v3.Scores:
        epoch = self._epoch(topic, nonce)
        scores = epoch.scores.get(kind, {}) if epoch else {}
        return v3.Scores(scores=[_score(topic, nonce, *each) for each in scores.items()])

    def _fraction(self, topic: int, kind: Kind, address: str) -> Decimal | None:
        self._require(topic)
        return self._competition.fractions.get((topic, kind, address))

    def _regret(self, topic: int, kind: Kind, address: str) -> v3.TimestampedValue:
        self._require(topic)
        regret = self._competition.regrets.regret(topic, kind, address)
        return v3.TimestampedValue(block_height=regret.height, value=text(regret.value))

    def _weight(self, topic: int, kind: Kind, address: str) -> str:
        self._require(topic)
        return text(self._competition.regrets.weights(topic, kind).get(address, ZERO))

    def _require(self, topic: int) -> None:
        if topic not in self._ledger.topics.ids:
            raise GRPCError(Status.NOT_FOUND, f"topic {topic} not found")


def _score(topic: int, height: int, address: str, score: Decimal) -> v3.Score:
    return v3.Score(topic_id=topic, block_height=height, address=address, score=text(score))
