"""What an Allora node answers beyond a Cosmos node: topics, windows, participants."""

from __future__ import annotations

import math

from allora_sdk.rpc_client.protos.emissions import v3, v10
from grpclib.const import Status
from grpclib.exceptions import GRPCError

from . import decimals, network
from .answers import Answer
from .labels import UNITY_TOLERANCE
from .ledger import Ledger
from .regrets import ALPHA as ALPHA_REGRET
from .regrets import C_NORM, EPSILON, P_NORM
from .scores import QUANTILE
from .standings import Standings
from .topics import Topics
from .windows import Role, Window, Windows


class Emissions:
    """The queries of the emissions module.

    Args:
        ledger: The chain that they are about.
    """

    name = "emissions.v10.QueryService"

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    @property
    def _topics(self) -> Topics:
        return self._ledger.topics

    @property
    def _windows(self) -> Windows:
        return self._ledger.windows

    def check(self) -> None:
        """Raise `grpclib.GRPCError` while the node fails, or plays one of another version."""
        if self._ledger.behaviour.error_text is not None:
            raise GRPCError(Status.INTERNAL, self._ledger.behaviour.error_text)
        if self._ledger.behaviour.unimplemented:
            raise GRPCError(Status.UNIMPLEMENTED, f"unknown service {self.name}")

    def answers(self) -> list[Answer]:
        """Return the service's methods."""
        return [
            self._topic,
            self._latest_inferences,
            self._inferences_at_block,
            self._latest_input,
            self._is_worker_registered,
            self._is_reputer_registered,
            self._can_worker_submit,
            self._can_reputer_submit,
            self._stake,
            self._unfulfilled_worker_nonces,
            self._unfulfilled_reputer_nonces,
            self._open_worker_windows,
            self._open_reputer_windows,
            self._worker_window_status,
            self._reputer_window_status,
            *Standings(self._ledger).answers(),
        ]

    # Topics and what is inferred in them

    def _topic(self, request: v10.GetTopicRequest) -> v10.GetTopicResponse:
        topic = request.topic_id
        self._require(topic)
        behaviour, facts = self._ledger.behaviour, self._ledger.competition.facts(topic)
        timing = self._ledger.options.timing(topic)
        has_labels = bool(facts.labels)
        return v10.GetTopicResponse(
            topic=v10.Topic(
                id=topic,
                metadata=metadata(self._ledger, topic) + "." * behaviour.padding,
                loss_method=facts.loss_method,
                epoch_last_ended=self._latest_nonce(topic),
                epoch_length=timing.epoch or timing.window,
                ground_truth_lag=timing.lag,
                worker_submission_window=timing.window,
                p_norm=str(P_NORM),
                c_norm=str(C_NORM),
                alpha_regret=str(ALPHA_REGRET),
                allow_negative=True,
                epsilon=str(EPSILON),
                merit_sortition_alpha=str(behaviour.score_alpha),
                active_inferer_quantile=str(QUANTILE),
                active_forecaster_quantile=str(QUANTILE),
                active_reputer_quantile=str(QUANTILE),
                topic_type=v10.TopicType.CLASSIFICATION if has_labels else v10.TopicType.REGRESSION,
                output_arity=(
                    v10.TopicOutputArity.MULTI if has_labels else v10.TopicOutputArity.SINGLE
                ),
                require_unity=has_labels,
                unity_tolerance=str(UNITY_TOLERANCE) if has_labels else "",
                max_labels_per_submission=max(len(facts.labels), 1),
                label_whitelist=list(facts.labels),
                label_case_sensitive=has_labels,
            )
        )

    def _latest_inferences(
        self, request: v10.GetLatestNetworkInferencesRequest
    ) -> v10.GetLatestNetworkInferencesResponse:
        topic = request.topic_id
        self._require(topic)
        competition = self._ledger.competition
        epochs = competition.epochs(topic)
        # The chain has none before the first window is closed; then those so far stand for them.
        epoch = next((each for each in epochs if each.inferences), next(iter(epochs), None))
        if epoch is None:
            text = f"no inferences of topic {topic}: not found"
            raise GRPCError(Status.NOT_FOUND, text)
        return v10.GetLatestNetworkInferencesResponse(
            network_inferences=network.bundle(topic, epoch.nonce, competition.inferences(epoch)),
            inference_block_height=epoch.nonce,
        )

    def _inferences_at_block(
        self, request: v10.GetNetworkInferencesAtBlockRequest
    ) -> v10.GetNetworkInferencesAtBlockResponse:
        topic, nonce = request.topic_id, request.block_height_last_inference
        self._require(topic)
        epoch = self._ledger.competition.epoch(topic, nonce)
        if epoch is None or epoch.inferences is None:
            text = f"network inference not available for topic {topic}"
            raise GRPCError(Status.NOT_FOUND, text)
        return v10.GetNetworkInferencesAtBlockResponse(
            network_inferences=network.bundle(topic, nonce, epoch.inferences)
        )

    def _latest_input(
        self, request: v10.GetWorkerLatestInputInferenceByTopicIdRequest
    ) -> v10.GetWorkerLatestInputInferenceByTopicIdResponse:
        self._require(request.topic_id)
        live = self._ledger.competition.live(request.topic_id, request.worker_address)
        if live is None:
            raise GRPCError(Status.NOT_FOUND, f"no inference of {request.worker_address}")
        nonce, values = live
        return v10.GetWorkerLatestInputInferenceByTopicIdResponse(
            latest_input_inference=v10.InputInference(
                topic_id=request.topic_id,
                block_height=nonce,
                inferer=request.worker_address,
                values=[
                    v10.InputLabeledValue(label=label, value=decimals.text(value))
                    for label, value in values.items()
                ],
            )
        )

    def _latest_nonce(self, topic: int) -> int:
        windows = self._windows.of(topic, "worker")
        return windows[-1].nonce if windows else self._ledger.height

    # Participants

    def _is_worker_registered(
        self, request: v10.IsWorkerRegisteredInTopicIdRequest
    ) -> v10.IsWorkerRegisteredInTopicIdResponse:
        return v10.IsWorkerRegisteredInTopicIdResponse(
            is_registered=self._is_registered(request.topic_id, "worker", request.address)
        )

    def _is_reputer_registered(
        self, request: v10.IsReputerRegisteredInTopicIdRequest
    ) -> v10.IsReputerRegisteredInTopicIdResponse:
        return v10.IsReputerRegisteredInTopicIdResponse(
            is_registered=self._is_registered(request.topic_id, "reputer", request.address)
        )

    def _can_worker_submit(
        self, request: v10.CanSubmitWorkerPayloadRequest
    ) -> v10.CanSubmitWorkerPayloadResponse:
        self._require(request.topic_id)
        return v10.CanSubmitWorkerPayloadResponse(
            can_submit_worker_payload=self._ledger.may_submit(request.topic_id, request.address)
        )

    def _can_reputer_submit(
        self, request: v10.CanSubmitReputerPayloadRequest
    ) -> v10.CanSubmitReputerPayloadResponse:
        self._require(request.topic_id)
        return v10.CanSubmitReputerPayloadResponse(
            can_submit_reputer_payload=self._ledger.may_submit(request.topic_id, request.address)
        )

    def _stake(
        self, request: v10.GetStakeFromReputerInTopicInSelfRequest
    ) -> v10.GetStakeFromReputerInTopicInSelfResponse:
        self._require(request.topic_id)
        stake = self._topics.stakes[request.topic_id, request.reputer_address]
        return v10.GetStakeFromReputerInTopicInSelfResponse(amount=str(stake))

    def _is_registered(self, topic: int, role: Role, address: str) -> bool:
        self._require(topic)
        return self._topics.is_registered(topic, role, address)

    # Windows

    def _unfulfilled_worker_nonces(
        self, request: v10.GetUnfulfilledWorkerNoncesRequest
    ) -> v10.GetUnfulfilledWorkerNoncesResponse:
        return v10.GetUnfulfilledWorkerNoncesResponse(nonces=self._worker_nonces(request.topic_id))

    def _unfulfilled_reputer_nonces(
        self, request: v10.GetUnfulfilledReputerNoncesRequest
    ) -> v10.GetUnfulfilledReputerNoncesResponse:
        # Nonces are listed whose window is still to come, too.
        topic = request.topic_id
        planned = [*self._open(topic, "reputer"), *self._windows.waiting(topic)]
        known = {window.nonce for window in self._windows.of(topic, "reputer")}
        unplanned = [
            window
            for window in self._windows.of(topic, "worker")
            if window.is_over and not window.is_scheduled and window.nonce not in known
        ]
        nonces = _requests([*planned, *unplanned])
        return v10.GetUnfulfilledReputerNoncesResponse(nonces=nonces)

    def _open_worker_windows(
        self, request: v10.GetOpenWorkerSubmissionWindowsRequest
    ) -> v10.GetOpenWorkerSubmissionWindowsResponse:
        nonces = self._worker_nonces(request.topic_id)
        return v10.GetOpenWorkerSubmissionWindowsResponse(nonces=nonces)

    def _worker_nonces(self, topic: int) -> v3.Nonces:
        nonces = _nonces(self._open(topic, "worker"))
        height = self._ledger.height
        nonces.nonces += [
            v3.Nonce(block_height=height - number)
            for number in range(self._ledger.behaviour.invented_nonces)
        ]
        return nonces

    def _open_reputer_windows(
        self, request: v10.GetOpenReputerSubmissionWindowsRequest
    ) -> v10.GetOpenReputerSubmissionWindowsResponse:
        nonces = _requests(self._open(request.topic_id, "reputer"))
        return v10.GetOpenReputerSubmissionWindowsResponse(nonces=nonces)

    def _worker_window_status(
        self, request: v10.GetWorkerSubmissionWindowStatusRequest
    ) -> v10.GetWorkerSubmissionWindowStatusResponse:
        status = v10.GetWorkerSubmissionWindowStatusResponse()
        self._fill(status, request.topic_id, "worker", request.address)
        return status

    def _reputer_window_status(
        self, request: v10.GetReputerSubmissionWindowStatusRequest
    ) -> v10.GetReputerSubmissionWindowStatusResponse:
        status = v10.GetReputerSubmissionWindowStatusResponse()
        self._fill(status, request.topic_id, "reputer", request.address)
        return status

    def _fill(
        self,
        status: v10.GetWorkerSubmissionWindowStatusResponse
        | v10.GetReputerSubmissionWindowStatusResponse,
        topic: int,
        role: Role,
        address: str,
    ) -> None:
        status.is_topic_active = self._ledger.is_active(topic)
        if address:
            status.is_registered = self._is_registered(topic, role, address)
            status.is_whitelisted = self._ledger.may_submit(topic, address)
        if windows := self._open(topic, role):
            status.is_open = True
            status.current_nonce_block_height = windows[-1].nonce
            status.window_start_block = windows[-1].start
            status.window_end_block = windows[-1].end
        if role == "worker":
            self._fill_next_epoch(status, topic)
        elif waiting := self._windows.waiting(topic):
            status.next_window_start_block = waiting[0].start
            status.next_window_end_block = waiting[0].end

    def _fill_next_epoch(
        self,
        status: v10.GetWorkerSubmissionWindowStatusResponse
        | v10.GetReputerSubmissionWindowStatusResponse,
        topic: int,
    ) -> None:
        """Tell when a topic's next epoch begins, if it is active.

        Where windows open on demand alone, that may be with every block.
        """
        if not self._ledger.is_active(topic):
            return
        options, height = self._ledger.options, self._ledger.height
        due = self._ledger.schedule.next_epoch(topic)
        blocks = 1.0 if due is None else due - self._ledger.now
        if due is not None and options.durations == "seconds":
            blocks /= options.block_seconds
        status.next_window_start_block = height + max(math.ceil(blocks), 1)
        status.next_window_end_block = status.next_window_start_block + options.timing(topic).window

    def _open(self, topic: int, role: Role) -> list[Window]:
        self._require(topic)
        return self._windows.shown_as_open(topic, role)

    def _require(self, topic: int) -> None:
        if topic not in self._topics.ids:
            raise GRPCError(Status.NOT_FOUND, f"topic {topic} not found")


def metadata(ledger: Ledger, topic: int) -> str:
    """Return a topic's name."""
    given = ledger.competition.facts(topic).metadata
    return f"Topic {topic} of a fake chain" if given is None else given


def _nonces(windows: list[Window]) -> v3.Nonces:
    return v3.Nonces(nonces=[v3.Nonce(block_height=each) for each in _newest_first(windows)])


def _requests(windows: list[Window]) -> v3.ReputerRequestNonces:
    return v3.ReputerRequestNonces(
        nonces=[
            v3.ReputerRequestNonce(reputer_nonce=v3.Nonce(block_height=each))
            for each in _newest_first(windows)
        ]
    )


def _newest_first(windows: list[Window]) -> list[int]:
    """Return the nonces in the chain's order: `AddWorkerNonce` puts a new one first."""
    return sorted((window.nonce for window in windows), reverse=True)
