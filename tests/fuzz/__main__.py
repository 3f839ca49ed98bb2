"""`make fuzz`: inputs of every kind, made by chance, none of which may hang, grow, crash or write.

Each input is known by its kind, the seed and its number. One that does what it must not is kept in build/fuzz/.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from sources import SOURCES
from workers import Failure, Tally, attempt

HOUR = {
    "expressions": 1_000_000,
    "quantities": 100_000,
    "sbml": 50_000,
    "files": 10_000,
    "results": 2_000,
    "stores": 500,
    "commands": 1_000,
}
SHARES = {
    "expressions": 0.65,
    "quantities": 0.02,
    "files": 0.2,
    "sbml": 0.02,
    "results": 0.03,
    "stores": 0.03,
    "commands": 0.05,
}


def main() -> int:
    """Try the kinds in turn; what one leaves of its time, the next ones have."""
    asked = _asked()
    # of the processes to come: sympy orders by hashes here and there, and those that are ended leave things to others
    os.environ |= {"PYTHONHASHSEED": "0", "PYTHONWARNINGS": "ignore::UserWarning:multiprocessing.resource_tracker"}
    end = time.monotonic() + asked.minutes * 60
    tallies: dict[str, Tally] = {}
    try:
        for place, kind in enumerate(asked.only):
            wanted = 1 if asked.case is not None else asked.inputs or HOUR[kind]
            tally = tallies[kind] = Tally(wanted)
            share = SHARES[kind] / sum(SHARES[later] for later in asked.only[place:])
            seconds = max(1.0, (end - time.monotonic()) * share)
            talk = _Talk(kind, asked.seed, tally, seconds, asked.keep)
            attempt(kind, SOURCES[kind], asked.seed, asked.case or 0, wanted, seconds, asked.processes, tally, talk)
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
    return _ended(tallies)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python tests/fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="other seeds are other inputs")
    parser.add_argument("--only", nargs="+", choices=SOURCES, default=list(SOURCES), help="some kinds alone")
    parser.add_argument("--case", type=int, metavar="NUMBER", help="one input alone, of one kind")
    parser.add_argument("--inputs", type=int, metavar="N", help="so many of each kind, in place of those of an hour")
    parser.add_argument("--minutes", type=float, default=60.0, help="at most; the kinds share them")
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1), help="at once")
    parser.add_argument("--keep", type=Path, default=Path("build/fuzz"), help="where failing inputs go")
    asked = parser.parse_args()
    if asked.case is not None and len(asked.only) != 1:
        parser.error("--case is of one kind: add --only KIND")
    return asked


class _Talk:
    """Progress on stderr, failures on stdout and in files."""

    def __init__(self, kind: str, seed: int, tally: Tally, seconds: float, keep: Path) -> None:
        self.kind, self.seed, self.tally, self.keep = kind, seed, tally, keep
        self.seconds, self.began, self.said = seconds, time.monotonic(), 0.0

    def __call__(self, failure: Failure | None) -> None:
        if failure is not None:
            self._keep(failure)
        elif time.monotonic() - self.said > (0.5 if sys.stderr.isatty() else 30):
            self.said = time.monotonic()
            spent = self.said - self.began
            done = self.tally.tried / self.tally.wanted
            left = min(self.seconds - spent, spent * (1 - done) / done if done else self.seconds)
            line = f"{self.kind}: {self.tally.tried} of {self.tally.wanted}, {max(0, left) / 60:.0f} min left at most"
            print(line, end="\r" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)

    def _keep(self, failure: Failure) -> None:
        folder = self.keep / f"{self.kind}-{self.seed}-{failure.number}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / Path(failure.name).name).write_bytes(failure.content)
        (folder / "what.txt").write_text(failure.what, errors="replace")
        print(f"FAILED {self.kind} {failure.number}: {failure.what.partition(chr(10))[0][:300]}")
        if len(failure.content) < 300:
            print(f"  input: {failure.content.decode(errors='replace')!r}")
        again = f"python tests/fuzz --seed {self.seed} --only {self.kind} --case {failure.number}"
        print(f"  kept in {folder}; again: {again}", flush=True)


def _ended(tallies: dict[str, Tally]) -> int:
    failed = 0
    for kind, tally in tallies.items():
        rest = "" if tally.tried >= tally.wanted else f" of {tally.wanted} in the time there was"
        print(f"{kind}: {tally.tried} tried{rest}, {tally.accepted} accepted, {len(tally.failures)} failed")
        failed += len(tally.failures)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
