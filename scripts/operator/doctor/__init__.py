"""`allora doctor`: looks at everything that a deployment needs, and changes nothing.

`examine_with_progress` looks, `show` prints; `allora deploy` uses both.
"""

from scripts.operator.doctor.examination import examine
from scripts.operator.doctor.findings import Examination, Finding, Result, Verdict
from scripts.operator.doctor.report import examine_with_progress, show

__all__ = [
    "Examination",
    "Finding",
    "Result",
    "Verdict",
    "examine",
    "examine_with_progress",
    "show",
]
