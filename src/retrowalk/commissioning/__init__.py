"""The guided test of a treadmill with an empty belt: it proposes, the interlock disposes. Pure, like a session."""

from retrowalk.commissioning.dialogue import Kind, Leave, Line, Question, Said, Tone
from retrowalk.commissioning.findings import Findings, Verdict
from retrowalk.commissioning.procedure import Outcome, Procedure

__all__ = ["Findings", "Kind", "Leave", "Line", "Outcome", "Procedure", "Question", "Said", "Tone", "Verdict"]
