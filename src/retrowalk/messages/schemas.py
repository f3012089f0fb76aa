"""JSON Schemas of every payload, made from the models: `python -m retrowalk.messages.schemas [FOLDER]`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from retrowalk.messages.command import CommandMessage
from retrowalk.messages.diagnostics import DiagnosticsMessage
from retrowalk.messages.event import EventMessage
from retrowalk.messages.explain import ExplainMessage
from retrowalk.messages.press import PressMessage
from retrowalk.messages.response import ResponseMessage
from retrowalk.messages.state import StateMessage
from retrowalk.messages.trip import TripMessage

_PAYLOADS: Final[dict[str, tuple[Any, JsonSchemaMode]]] = {
    "command": (CommandMessage, "validation"),
    "diagnostics": (DiagnosticsMessage, "serialization"),
    "event": (EventMessage, "serialization"),
    "explain": (ExplainMessage, "serialization"),
    "press": (PressMessage, "validation"),
    "response": (ResponseMessage, "serialization"),
    "state": (StateMessage, "serialization"),
    "trip": (TripMessage, "serialization"),
}


def schemas() -> dict[str, str]:
    """Return each payload's schema as the text of its file, by file name."""
    return {f"{name}.json": _schema(payload, mode) for name, (payload, mode) in _PAYLOADS.items()}


def _schema(payload: Any, mode: JsonSchemaMode) -> str:
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"} | TypeAdapter(payload).json_schema(mode=mode)
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def write(folder: Path) -> None:
    """Write every schema into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in schemas().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/schemas"))
