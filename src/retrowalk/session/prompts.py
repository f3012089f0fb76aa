"""One question at a time: readable before it can be answered, answered once, and never answered late."""

from __future__ import annotations

from dataclasses import dataclass, field

from retrowalk.model import numbers as n
from retrowalk.model.reports import Prompt, PromptClosed, PromptKind, PromptOpened


@dataclass(slots=True)
class PromptDesk:
    """Holds the open prompt, if any."""

    open: Prompt | None = None
    count: int = 0
    reports: list[PromptOpened | PromptClosed] = field(default_factory=list)

    def ask(self, kind: PromptKind, text: str, now_ns: int) -> None:
        """Open a prompt in place of any other."""
        self.withdraw()
        self.count += 1
        self.open = Prompt(f"{kind.value}-{self.count}", kind, text, now_ns)
        self.reports.append(PromptOpened(self.open))

    def refusal(self, prompt_id: str | None, now_ns: int) -> str | None:
        """Return why an answer cannot be taken now; None: it can."""
        if self.open is None:
            return "no question is open"
        if prompt_id is not None and prompt_id != self.open.id:
            return f"prompt {prompt_id} is closed; the open one is {self.open.id}"
        if now_ns - self.open.opened_ns < n.PROMPT_READABLE_NS:
            return "the question is only just being asked; answer after a second"
        return None

    def close(self, answer: str | None) -> None:
        """Close the open prompt with its answer."""
        if self.open is not None:
            self.reports.append(PromptClosed(self.open.id, answer))
            self.open = None

    def withdraw(self) -> None:
        """Close the open prompt unanswered."""
        self.close(None)
