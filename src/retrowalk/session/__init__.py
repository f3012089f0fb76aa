"""How a session goes: arm, board, walk, rest, turn, end; prompts and cues. It proposes; the interlock disposes."""

from retrowalk.session.session import Session

__all__ = ["Session"]
