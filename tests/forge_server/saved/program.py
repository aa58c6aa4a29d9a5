"""Has saved the files beside it, one by each Python: `python - < program.py`, cloudpickle 3.1.3."""

import math
import sys
from pathlib import Path

import cloudpickle

WEIGHTS = {"a": 1.5}


def helper(x: float) -> list[float]:
    try:
        return [math.sqrt(i) * x for i in range(3)]
    finally:
        pass


class Regressor:
    def __init__(self, factor: float) -> None:
        self.factor = factor

    def predict(self, x: float) -> float:
        return sum(helper(x)) * self.factor


model = Regressor(2)


def predict(nonce: int = 0) -> float:
    value = model.predict(WEIGHTS["a"])
    if math.isnan(value):
        raise ValueError(f"{value!r} at {nonce}")
    return float(value)


with Path("{}.{}.pkl".format(*sys.version_info)).open("wb") as file:
    cloudpickle.dump(predict, file)
