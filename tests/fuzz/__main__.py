"""`make fuzz`: every target for a while, guided by coverage. The last line has the figures; status 1: a finding."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final

from fuzz.targets import TARGETS

_LONGEST_BYTES: Final = 4096
_LARGEST_MIB: Final = 1024
_STALLED_S: Final = 10
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
_TOLD_OF_A_FINDING: Final = 20  # lines


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one target: how many inputs were fed, what was covered, and the words of a finding."""

    name: str
    executions: int
    covered: int
    finding: str = ""


def main() -> int:
    """Fuzz, tell, judge."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--only", nargs="*", default=list(TARGETS), choices=TARGETS, metavar="TARGET")
    parser.add_argument("--jobs", type=int, default=2, help="targets at the same time")
    parser.add_argument("--out", type=Path, default=Path("build/fuzz"), help="where corpus and findings are kept")
    options = parser.parse_args()
    with ThreadPoolExecutor(options.jobs) as pool:
        outcomes = list(pool.map(partial(_told, options.out, options.seconds), options.only))
    findings = [outcome for outcome in outcomes if outcome.finding]
    executions = sum(outcome.executions for outcome in outcomes)
    _say(f"fuzz: targets={len(outcomes)} seconds_each={options.seconds} inputs={executions} findings={len(findings)}")
    return min(len(findings), 1)


def _told(out: Path, seconds: int, name: str) -> Outcome:
    outcome = fuzz(out, seconds, name)
    _say(f"{name:8} {outcome.executions:>9} inputs  {outcome.covered:>5} edges  {outcome.finding or 'nothing found'}")
    return outcome


def fuzz(out: Path, seconds: int, name: str) -> Outcome:
    """Run one target; its corpus is kept in `out`, and so is the input of a finding."""
    corpus, found = out / "corpus" / name, out / "found"
    for folder in (corpus, found):
        folder.mkdir(parents=True, exist_ok=True)
    words = out / f"{name}.dict"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in TARGETS[name].words), encoding="ascii")
    for seed in TARGETS[name].seeds:
        (corpus / sha256(seed).hexdigest()).write_bytes(seed)
    limits = {
        "max_total_time": seconds,
        "max_len": _LONGEST_BYTES,
        "rss_limit_mb": _LARGEST_MIB,
        "timeout": _STALLED_S,
        "print_final_stats": 1,
        "artifact_prefix": f"{found}/{name}-",
    }
    options = [f"-{limit}={value}" for limit, value in limits.items()]
    options += [f"-dict={words}"] if TARGETS[name].words else []  # an empty one is refused
    with tempfile.TemporaryDirectory(prefix="retrowalk-fuzz-", dir=_MEMORY if _MEMORY.is_dir() else None) as scratch:
        command = [sys.executable, "-m", "fuzz.drive", name, scratch, *options, str(corpus)]
        ended = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603 - ours
    return _outcome(name, ended.returncode, ended.stdout + ended.stderr)


def _outcome(name: str, status: int, said: str) -> Outcome:
    executions = re.findall(r"stat::number_of_executed_units:\s+(\d+)", said)
    covered = re.findall(r"cov: (\d+)", said)
    finding = "\n".join(["FOUND:", *said.splitlines()[-_TOLD_OF_A_FINDING:]]) if status else ""
    return Outcome(name, int(executions[-1]) if executions else 0, int(covered[-1]) if covered else 0, finding)


def _escaped(word: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word.encode())


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
