"""The Allora worker: asks the model server for values and submits them to the chain.

`python -m allora_worker` runs it. It stands on the classes of `allora_sdk` below `AlloraWorker`:
the client, and the use cases that register and sign. The loop around them is this package's own,
because `AlloraWorker` gives a window up when the model fails once, has no deadlines, and ends with
exit code 0 when it cannot work.
"""
