"""`allora state unlock`."""

from __future__ import annotations

from allora_cli.commands.state.stack import Stacks, declined, named
from allora_cli.terminal import console


def unlock(stack: Stacks = None, *, yes: console.Yes = False, json: console.Json = False) -> None:
    """Release the lock that a killed run has left.

    Asks first; refuses if the run is still alive on this computer.

    Example: allora state unlock
    """
    from allora_cli.context import open_context
    from allora_cli.terminal.prompts import Answers
    from allora_cli.terraform import locks

    context = open_context()
    answers = Answers(yes)
    agreed, released, lines = [], [], []
    for each in named(context, stack):
        lock = locks.held_lock(context, each)
        if lock is None:
            lines.append(f"The state of {each} is not locked.")
            continue
        holder = locks.holder_of(lock, context.settings)
        if holder is locks.Holder.RUNS:
            raise locks.lock_error(lock, holder)
        answers.require_possible()
        if not answers.confirm(f"{each}: {locks.describe(lock)}. {_HOLDER[holder]} Release it?"):
            raise declined()
        agreed.append((lock, holder))
    for lock, holder in agreed:
        if locks.release(context, lock):
            released.append(lock.as_dict(holder))
            lines.append(f"✔ The state of {lock.stack} is not locked any more. Next: allora deploy")
        else:
            lines.append(
                f"The lock of {lock.stack} is gone already, or another run holds it by now."
            )
    console.show({"released": released}, lines, json=json)


_HOLDER = {
    "gone": "It was on this computer, and runs no more.",
    "elsewhere": "Nobody here can tell whether it still runs: two runs at once damage the state.",
}
