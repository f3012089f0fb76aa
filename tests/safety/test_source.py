"""What the source itself promises: who makes permits, and that the kernel reads no clock."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import retrowalk

SOURCE = Path(retrowalk.__file__).parent
KERNEL = [
    SOURCE / "engine.py",
    *(p for room in ("model", "session", "interlock", "commissioning") for p in (SOURCE / room).glob("*.py")),
]
CLOCKS = {"time", "datetime", "asyncio", "random", "secrets", "os", "threading", "logging", "structlog", "uuid"}


def calls(name: str, path: Path) -> Iterator[int]:
    """Yield the lines in which `name` is called, by itself or as an attribute."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", None)
            if called == name:
                yield node.lineno


def imports(path: Path) -> Iterator[str]:
    """Yield the top-level names of all that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def test_only_the_interlock_makes_permits() -> None:
    """PermittedCommand is constructed in the interlock, in one place, and nowhere else in the source."""
    makers = {p.relative_to(SOURCE).as_posix(): list(calls("PermittedCommand", p)) for p in SOURCE.rglob("*.py")}
    made = {where: lines for where, lines in makers.items() if lines}
    assert list(made) == ["interlock/kernel.py"]
    assert len(made["interlock/kernel.py"]) == 1


def test_no_permit_is_made_by_copying() -> None:
    """No permit's life is prolonged by a copy: nothing but numbers, states and plans is replaced in the kernel."""
    assert not [p for p in KERNEL if "PermittedCommand" in p.read_text() and list(calls("replace", p))]


@pytest.mark.parametrize("path", KERNEL, ids=lambda p: p.relative_to(SOURCE).as_posix())
def test_the_kernel_reads_no_clock(path: Path) -> None:
    """No clock, no randomness, no I/O, no log: time is an argument."""
    assert not set(imports(path)) & CLOCKS
    assert not list(calls("print", path))
