"""One target under atheris: NAME FOLDER and libFuzzer's own options. A process of its own: libFuzzer ends it."""

from __future__ import annotations

import logging
import os
import sys
from importlib import import_module
from pathlib import Path

import structlog


def main(name: str, folder: Path, options: list[str]) -> None:
    """Feed the target until the options say enough, or a finding ends it."""
    os.nice(10)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    atheris = import_module("atheris")
    with atheris.instrument_imports(include=["retrowalk", "tomllib"]):
        target = import_module("fuzz.targets").TARGETS[name]
    atheris.Setup([name, *options], lambda data: target.feed(data, folder))
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
