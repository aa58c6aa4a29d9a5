"""What an Allora node answers beyond a Cosmos node: topics, windows, participants."""

from __future__ import annotations

from allora_sdk.rpc_client.protos.emissions import v3, v10
from grpclib.const import Status
from grpclib.exceptions import GRPCError

from . import network
from .answers import Answer
from .ledger import Ledger
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
        ]

    # Topics and what is inferred in them

    def _topic(self, request: v10.GetTopicRequest) -> v10.GetTopicResponse:
        self._require(request.topic_id)
        options = self._ledger.options
        return v10.GetTopicResponse(
            topic=v10.Topic(
                id=request.topic_id,
                metadata=f"Topic {request.topic_id} of a fake chain"
                + "." * self._ledger.behaviour.padding,
                loss_method="mse",
                epoch_last_ended=self._latest_nonce(request.topic_id),
                epoch_length=options.epoch_blocks or options.window_blocks,
                ground_truth_lag=options.window_blocks,
                worker_submission_window=options.window_blocks,
                p_norm="3",
                alpha_regret="0.1",
                allow_negative=True,
                epsilon="0.01",
                topic_type=v10.TopicType.REGRESSION,
                output_arity=v10.TopicOutputArity.SINGLE,
                max_labels_per_submission=1,
            )
        )

    def _latest_inferences(
        self, request: v10.GetLatestNetworkInferencesRequest
    ) -> v10.GetLatestNetworkInferencesResponse:
        self._require(request.topic_id)
        nonce = self._latest_nonce(request.topic_id)
        return v10.GetLatestNetworkInferencesResponse(
            network_inferences=self._inferences(request.topic_id, nonce),
            inference_block_height=nonce,
        )

    def _inferences_at_block(
        self, request: v10.GetNetworkInferencesAtBlockRequest
    ) -> v10.GetNetworkInferencesAtBlockResponse:
        topic, nonce = request.topic_id, request.block_height_last_inference
        self._require(topic)
        if nonce not in {each.nonce for each in self._windows.all if each.topic == topic}:
            text = f"no inferences of topic {topic} at block {nonce}: not found"
            raise GRPCError(Status.NOT_FOUND, text)
        return v10.GetNetworkInferencesAtBlockResponse(
            network_inferences=self._inferences(topic, nonce)
        )

    def _latest_input(
        self, request: v10.GetWorkerLatestInputInferenceByTopicIdRequest
    ) -> v10.GetWorkerLatestInputInferenceByTopicIdResponse:
        self._require(request.topic_id)
        own = [
            each
            for each in self._topics.payloads(request.topic_id)
            if (each.role, each.address) == ("inferer", request.worker_address)
        ]
        if not own:
            raise GRPCError(Status.NOT_FOUND, f"no inference of {request.worker_address}")
        return v10.GetWorkerLatestInputInferenceByTopicIdResponse(
            latest_input_inference=v10.InputInference(
                topic_id=request.topic_id,
                block_height=own[-1].nonce,
                inferer=request.worker_address,
                values=[
                    v10.InputLabeledValue(label=name, value=text) for name, text in own[-1].values
                ],
            )
        )

    def _inferences(self, topic: int, nonce: int) -> v10.NetworkInferenceBundle:
        return network.inferences(topic, nonce, self._topics.payloads(topic))

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
            can_submit_worker_payload=self._ledger.behaviour.whitelisted
        )

    def _can_reputer_submit(
        self, request: v10.CanSubmitReputerPayloadRequest
    ) -> v10.CanSubmitReputerPayloadResponse:
        self._require(request.topic_id)
        return v10.CanSubmitReputerPayloadResponse(
            can_submit_reputer_payload=self._ledger.behaviour.whitelisted
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
        nonces = _nonces(self._open(request.topic_id, "worker"))
        height = self._ledger.height
        nonces.nonces += [
            v3.Nonce(block_height=height - number)
            for number in range(self._ledger.behaviour.invented_nonces)
        ]
        return v10.GetUnfulfilledWorkerNoncesResponse(nonces=nonces)

    def _unfulfilled_reputer_nonces(
        self, request: v10.GetUnfulfilledReputerNoncesRequest
    ) -> v10.GetUnfulfilledReputerNoncesResponse:
        # As on the network, nonces are listed whose window is still to come, too.
        topic = request.topic_id
        seen = {window.nonce for window in self._windows.of(topic, "reputer")}
        to_come = [each for each in self._windows.of(topic, "worker") if each.nonce not in seen]
        nonces = _requests([*self._open(topic, "reputer"), *to_come])
        return v10.GetUnfulfilledReputerNoncesResponse(nonces=nonces)

    def _open_worker_windows(
        self, request: v10.GetOpenWorkerSubmissionWindowsRequest
    ) -> v10.GetOpenWorkerSubmissionWindowsResponse:
        nonces = _nonces(self._open(request.topic_id, "worker"))
        return v10.GetOpenWorkerSubmissionWindowsResponse(nonces=nonces)

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
        status.is_topic_active = not self._ledger.behaviour.inactive
        status.is_registered = self._is_registered(topic, role, address)
        status.is_whitelisted = self._ledger.behaviour.whitelisted
        if windows := self._open(topic, role):
            status.is_open = True
            status.current_nonce_block_height = windows[-1].nonce
            status.window_start_block = windows[-1].start
            status.window_end_block = windows[-1].end

    def _open(self, topic: int, role: Role) -> list[Window]:
        self._require(topic)
        return self._windows.shown_as_open(topic, role)

    def _require(self, topic: int) -> None:
        if topic not in self._topics.ids:
            raise GRPCError(Status.NOT_FOUND, f"topic {topic} not found")


def _nonces(windows: list[Window]) -> v3.Nonces:
    return v3.Nonces(nonces=[v3.Nonce(block_height=window.nonce) for window in windows])


def _requests(windows: list[Window]) -> v3.ReputerRequestNonces:
    return v3.ReputerRequestNonces(
        nonces=[
            v3.ReputerRequestNonce(reputer_nonce=v3.Nonce(block_height=window.nonce))
            for window in windows
        ]
    )
