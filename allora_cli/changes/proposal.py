"""What is put to the question, and whether a later plan keeps within the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from allora_cli.terraform.plans import AttributeChange, Change, Plan, replaces_host


@dataclass(frozen=True)
class Proposal:
    """Changes that one question is about.

    Attributes:
        changes: by stack.
        new_bucket: the state bucket that is created first; None where there is one.
        destroys: whether all of it is destroyed.
    """

    changes: Mapping[str, tuple[Change, ...]] = field(default_factory=dict)
    new_bucket: str | None = None
    destroys: bool = False

    @property
    def all_changes(self) -> tuple[Change, ...]:
        """Return the changes of all stacks."""
        return tuple(change for changes in self.changes.values() for change in changes)

    @property
    def replaces_host(self) -> bool:
        """Whether the instance is replaced."""
        return replaces_host(self.all_changes)

    def covers(self, plan: Plan) -> bool:
        """Return whether a plan does nothing beyond what was proposed.

        A stack is planned again after the one that it reads from was applied, and a first
        deployment is proposed before it can be planned.
        """
        proposed = {change.address: change for change in self.changes.get(plan.stack, ())}
        return plan.stack in self.changes and all(
            change.address in proposed and _is_within(change, proposed[change.address])
            for change in plan.changes
        )


def _is_within(change: Change, proposed: Change) -> bool:
    return change.action is proposed.action and all(
        any(_is_same(each, other) for other in proposed.attributes) for each in change.attributes
    )


def _is_same(change: AttributeChange, proposed: AttributeChange) -> bool:
    """Return whether an attribute gets the proposed value, or one that was not known then."""
    is_it = change.name == proposed.name or change.name.startswith(f"{proposed.name}.")
    has_value = proposed.after is None or change.after == proposed.after
    return is_it and has_value and (proposed.replaces or not change.replaces)
