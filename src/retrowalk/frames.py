"""One Bluetooth frame, read field by field: what every decoder shares. Little endian, as all of GATT is."""

from __future__ import annotations

from dataclasses import dataclass


class FrameUnreadable(ValueError):  # noqa: N818 - a word of the domain; "Error" would add nothing
    """A frame is empty, or lacks a field that it announces."""

    def __init__(self, char: str, frame: bytes, reason: str) -> None:
        super().__init__(f"{char} {frame.hex() or '(empty)'}: {reason}")
        self.char = char
        self.hex = frame.hex()
        self.reason = reason


@dataclass(slots=True)
class Reader:
    """A cursor over `frame`. Every read raises FrameUnreadable where the frame ends too early."""

    char: str
    frame: bytes
    offset: int = 0

    @property
    def left(self) -> int:
        """How many bytes have not been read yet."""
        return len(self.frame) - self.offset

    def unsigned(self, size: int, what: str) -> int:
        """Read an unsigned number of `size` bytes; `what` names it in the error."""
        return int.from_bytes(self._take(size, what), "little")

    def signed(self, size: int, what: str) -> int:
        """Read a signed number of `size` bytes; `what` names it in the error."""
        return int.from_bytes(self._take(size, what), "little", signed=True)

    def rest(self) -> bytes:
        """Read all that is left, perhaps nothing."""
        return self._take(self.left, "the rest")

    def _take(self, size: int, what: str) -> bytes:
        if not self.frame:
            raise FrameUnreadable(self.char, self.frame, "the frame is empty")
        if self.left < size:
            reason = f"{what} needs {size} bytes at offset {self.offset}, {self.left} are left"
            raise FrameUnreadable(self.char, self.frame, reason)
        self.offset += size
        return self.frame[self.offset - size : self.offset]


@dataclass(frozen=True, slots=True)
class Field:
    """One number of a frame: `size` bytes, divided by `scale` into the unit that its name ends with."""

    name: str
    size: int
    scale: int = 1
    signed: bool = False
    shown: bool = True  # False: read past it, nobody wants it

    def read(self, reader: Reader) -> float | None:
        """Return the value in its unit; None = the machine says that it is not available."""
        take = reader.signed if self.signed else reader.unsigned
        raw = take(self.size, self.name)
        if not self.shown or raw == self._not_available:
            return None
        return raw / self.scale if self.scale > 1 else raw

    @property
    def _not_available(self) -> int:
        return (1 << 8 * self.size - 1) - 1 if self.signed else (1 << 8 * self.size) - 1


def warn_of_trailing(reader: Reader, warnings: list[str]) -> None:
    """Add a warning if bytes are left that nothing announced."""
    if rest := reader.rest():
        warnings.append(f"{len(rest)} trailing bytes: {rest.hex()}")
