"""The Allora worker: submits the model server's values to the chain.

It uses the classes of `allora_sdk` below `AlloraWorker`: the client, and the use cases that
register and sign. `AlloraWorker` itself gives a window up when the model fails once, has no
deadlines, and ends with exit code 0 when it cannot work.
"""
