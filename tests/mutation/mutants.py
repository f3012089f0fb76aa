"""Every mutant of a module: its whole source with one small fault in it. Nothing is written anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import libcst as cst
from libcst.metadata import (
    ByteSpanPositionProvider,
    CodeSpan,
    MetadataWrapper,
    ParentNodeProvider,
    PositionProvider,
)

from mutation.operators import changes

MEANINGLESS: Final = (cst.Annotation, cst.Decorator, cst.Import, cst.ImportFrom, cst.TypeAlias, cst.Subscript)


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What a mutant is called. It survives shifts of lines, and a change of the mutated line ends it."""

    where: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault. `lines` is the statement that it is in; None = of the module or of a class, run by its import."""

    key: Key
    module: str
    path: Path
    lines: range | None
    source: str


def mutants(module: str, path: Path) -> Iterator[Mutant]:
    """Yield every mutant of a module, from its top to its bottom."""
    source = path.read_text(encoding="utf-8")
    wrapper = MetadataWrapper(cst.parse_module(source), unsafe_skip_copy=True)
    collector = _Collector(path.name, wrapper)
    wrapper.module.visit(collector)
    for place, old, new in collector.found:
        mutated = _spliced(source, wrapper.module, collector.span(old), new, collector.column(old))
        if key := _key(place.where, source, mutated):
            yield Mutant(key, module, path, place.lines, mutated)


@dataclass(frozen=True, slots=True)
class _Place:
    where: str
    lines: range | None


class _Collector(cst.CSTVisitor):
    """Walks a module and asks the operators at each node that means something."""

    def __init__(self, file: str, wrapper: MetadataWrapper) -> None:
        super().__init__()
        self.found: list[tuple[_Place, cst.CSTNode, cst.CSTNode]] = []
        self._file = file
        self._spans = wrapper.resolve(ByteSpanPositionProvider)
        self._positions = wrapper.resolve(PositionProvider)
        self._parents = wrapper.resolve(ParentNodeProvider)
        self._names: list[str] = []
        self._functions = 0

    def span(self, node: cst.CSTNode) -> CodeSpan:
        return self._spans[node]

    def column(self, node: cst.CSTNode) -> int:
        return self._positions[node].start.column

    def on_visit(self, node: cst.CSTNode) -> bool:
        if _meaningless(node, self._parents.get(node)):
            return False
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._names.append(node.name.value)
        self._functions += isinstance(node, cst.FunctionDef | cst.Lambda)
        place = _Place(self._where, self._lines(node))
        self.found += ((place, old, new) for old, new in changes(node))
        return True

    def on_leave(self, original_node: cst.CSTNode) -> None:
        if _meaningless(original_node, self._parents.get(original_node)):
            return
        if isinstance(original_node, cst.FunctionDef | cst.ClassDef):
            self._names.pop()
        self._functions -= isinstance(original_node, cst.FunctionDef | cst.Lambda)

    @property
    def _where(self) -> str:
        return f"{self._file}:{'.'.join(self._names)}" if self._names else self._file

    def _lines(self, node: cst.CSTNode) -> range | None:
        """Return the lines of the simple statement, or of the head of the compound one, that a node belongs to."""
        if not self._functions:
            return None
        last, statement = node, node.body[0] if isinstance(node, cst.SimpleStatementLine) else node
        while not isinstance(statement, cst.BaseSmallStatement | cst.BaseCompoundStatement | cst.Lambda):
            last, statement = statement, self._parents[statement]
        if isinstance(statement, cst.FunctionDef):
            return None  # a default, which is made where the function is
        part = last if isinstance(statement, cst.BaseCompoundStatement) else statement
        position = self._positions[part]
        return range(position.start.line, position.end.line + 1)


def _meaningless(node: cst.CSTNode, parent: cst.CSTNode | None) -> bool:
    """Tell what only types, readers or pages see; of a page are the hazards of a rule, a tuple of numbers."""
    if isinstance(node, cst.Arg) and isinstance(parent, cst.Call):
        return isinstance(parent.func, cst.Name) and parent.func.value == "Rule" and isinstance(node.value, cst.Tuple)
    return isinstance(node, MEANINGLESS) and not (isinstance(node, cst.Subscript) and _indexes(node))


def _indexes(node: cst.Subscript) -> bool:
    """Tell `values[0]` from `deque[int]`: a type's name is a lower-case word of typing here only as a call's head."""
    return not (isinstance(node.value, cst.Name) and node.value.value in ("deque", "dict", "list", "tuple", "set"))


def _spliced(source: str, module: cst.Module, span: CodeSpan, new: cst.CSTNode, column: int) -> str:
    raw = source.encode()
    code = module.code_for_node(new)
    if isinstance(new, cst.BaseCompoundStatement):
        code = code.strip("\n").replace("\n", "\n" + " " * column)
    return (raw[: span.start] + code.encode() + raw[span.start + span.length :]).decode()


def _key(where: str, source: str, mutated: str) -> Key | None:
    """Return the lines that differ, without indentation and comments; None if there are none."""
    one, two = ([_bare(line) for line in text.splitlines()] for text in (source, mutated))
    while one and two and one[0] == two[0]:
        del one[0], two[0]
    while one and two and one[-1] == two[-1]:
        del one[-1], two[-1]
    return Key(where, " ".join(one), " ".join(two)) if one or two else None


def _bare(line: str) -> str:
    return " ".join(line.partition("  # ")[0].split())
