"""`allora doctor`: looks at everything that a deployment needs, and changes nothing.

`examine_with_progress` looks, `show` prints; `allora deploy` uses both.
"""

from allora_cli.doctor.examination import examine
from allora_cli.doctor.findings import Examination, Finding, Result, Verdict
from allora_cli.doctor.report import examine_with_progress, show

__all__ = [
    "Examination",
    "Finding",
    "Result",
    "Verdict",
    "examine",
    "examine_with_progress",
    "show",
]
