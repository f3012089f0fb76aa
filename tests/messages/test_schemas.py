from __future__ import annotations

import json
from pathlib import Path

from retrowalk.messages import schemas

DOCS = Path(__file__).parents[2] / "docs" / "schemas"


def test_the_schemas_in_the_docs_are_those_of_the_models() -> None:
    """Whoever changes a payload runs `python -m retrowalk.messages.schemas`."""
    assert {file.name: file.read_text(encoding="utf-8") for file in DOCS.glob("*.json")} == schemas.schemas()


def test_writing_makes_one_file_a_payload(tmp_path: Path) -> None:
    """The folder is made; each file is a JSON Schema of the 2020-12 draft."""
    schemas.write(tmp_path / "new")
    written = {file.name: json.loads(file.read_text()) for file in (tmp_path / "new").iterdir()}
    assert set(written) == {
        "command.json",
        "diagnostics.json",
        "event.json",
        "explain.json",
        "press.json",
        "response.json",
        "state.json",
        "trip.json",
    }
    assert all(schema["$schema"].endswith("2020-12/schema") for schema in written.values())


def test_the_command_schema_offers_no_shutdown() -> None:
    """What cannot be sent is not documented."""
    command = json.loads(schemas.schemas()["command.json"])
    assert "shutdown" not in command["properties"]["cmd"]["enum"]
    assert "stop" in command["properties"]["cmd"]["enum"]
