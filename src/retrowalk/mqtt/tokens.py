"""Tokens by which a sender without a right clock shows that it has seen the newest state."""

from __future__ import annotations

import hmac
from typing import Final

from retrowalk.model.units import seconds

TOKEN_LIVES_NS: Final = seconds(5)  # and once more as the former one
_TOKEN_HEX: Final = 16


class Tokens:
    """Tokens of one boot: each is good for one prompt, and for 5 to 10 s. Time is monotonic ns."""

    def __init__(self, boot_secret: bytes) -> None:
        self._secret = boot_secret

    def current(self, prompt_id: str | None, now_ns: int) -> str:
        """Return the token to publish while `prompt_id` is open (None: no prompt)."""
        return self._token(prompt_id, now_ns // TOKEN_LIVES_NS)

    def accepts(self, token: str, prompt_id: str | None, now_ns: int) -> bool:
        """Tell whether `token` is the current or the former one for this prompt."""
        age = now_ns // TOKEN_LIVES_NS
        expected = (self._token(prompt_id, age), self._token(prompt_id, age - 1))
        return any(hmac.compare_digest(token.encode(), good.encode()) for good in expected)

    def _token(self, prompt_id: str | None, age: int) -> str:
        text = f"{age}|{prompt_id or ''}"
        return hmac.digest(self._secret, text.encode(), "sha256").hex()[:_TOKEN_HEX]
