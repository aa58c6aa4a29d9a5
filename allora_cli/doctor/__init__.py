"""`allora doctor`: check everything that a deployment needs, without changing anything."""

from allora_cli.doctor.examine import examine
from allora_cli.doctor.findings import Finding, Report, Result, Verdict
from allora_cli.doctor.screen import examine_with_progress, show

__all__ = [
    "Finding",
    "Report",
    "Result",
    "Verdict",
    "examine",
    "examine_with_progress",
    "show",
]
