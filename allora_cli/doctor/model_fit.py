"""Check that the model answers with what the topics ask for."""

from __future__ import annotations

from allora_cli.doctor.check_context import CheckContext
from allora_cli.doctor.findings import Finding, fail, ok, warning
from containers.worker.allora_worker.contract import Role
from containers.worker.allora_worker.topic_facts import facts_of
from settings.example_model import is_example
from settings.fit import misfit


def check_model_fit(context: CheckContext) -> Finding:
    """Compare what each topic asks for with what the model serves, as far as both are known."""
    settings = context.settings
    if settings.worker_role == Role.FORECASTER and settings.runs_own_model:
        return fail(
            "a forecaster submits losses of other inferers, which the project's own model does not "
            "predict",
            "set MODEL_REPO or MODEL_IMAGE to a model that does, or ALLORA_WORKER_ROLE=inferer",
        )
    if settings.worker_role == Role.FORECASTER:
        return ok("not compared: a forecaster submits losses, which every topic has")
    wanted = {
        topic_id: facts_of(settings.allora_network, topic_id, context.topic_names.get(topic_id))
        for topic_id in settings.topic_ids
    }
    known = {topic_id: facts for topic_id, facts in wanted.items() if facts}
    shown = {
        "topics": [
            {"id": each, "kind": facts.kind, "token": facts.token, "horizon": facts.horizon}
            for each, facts in known.items()
        ]
    }
    found = {each: misfit(vars(settings), each, facts) for each, facts in known.items()}
    misfits = {each: one for each, one in found.items() if one}
    if misfits:
        detail = "; ".join(f"topic {each} {one.message}" for each, one in misfits.items())
        remedy = "\n".join(dict.fromkeys(one.remedy for one in misfits.values()))
        finding = fail if any(one.is_fatal for one in misfits.values()) else warning
        return finding(detail, remedy, **shown)
    if unclear := [str(each) for each in wanted if each not in known]:
        return warning(
            f"what topic {', '.join(unclear)} asks for is not known here",
            "see that the model answers in the topic's unit, about its coin and horizon; with the "
            f"project's own model and a price: TOPIC_HORIZONS={unclear[0]}=8h in MODEL_ENV_VARS",
            **shown,
        )
    asked = "; ".join(f"{each} asks for {facts}" for each, facts in known.items())
    if settings.runs_own_model or is_example(settings.model_repo):
        return ok(asked, **shown)
    return ok(f"{asked}: your model has to answer that", **shown)
