"""`make coverage`: how often 95 % intervals hold the truth, of studies that a clinic simulates; writes its page.

What has been computed is kept in build/coverage.jsonl, a line a case, from which an interrupted run goes on.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cases import CASES
from likelihoods import coverage
from page import page
from predictions import predicted_coverage

ROOT = Path(__file__).parents[2]


def main() -> int:
    """Every case in turn."""
    parser = argparse.ArgumentParser(prog="make coverage", description=__doc__)
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kept", type=Path, default=ROOT / "build" / "coverage.jsonl")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "coverage.md")
    asked = parser.parse_args()
    asked.kept.parent.mkdir(parents=True, exist_ok=True)
    lines = asked.kept.read_text(encoding="utf-8").splitlines() if asked.kept.exists() else []
    known = {(row["case"], row["by"]): row for row in map(json.loads, lines)}
    with asked.kept.open("a", encoding="utf-8") as file:
        for row in _further(known, asked.studies, asked.seed):
            known[row["case"], row["by"]] = row
            print(json.dumps(row), file=file, flush=True)
            print(json.dumps(row), flush=True)
    likelihoods = [known[case.name, case.by] for case in CASES]
    predictions = [row for (_, by), row in known.items() if by == "prediction"]
    asked.page.write_text(page([*likelihoods, *predictions]), encoding="utf-8")
    return 0


def _further(known: dict[tuple[str, str], Any], studies: int, seed: int) -> Iterator[dict[str, Any]]:
    """What is not known yet: of likelihoods, then of predictions."""
    for case in CASES:
        if (case.name, case.by) not in known:
            facts = {"case": case.name, "by": case.by, "n": case.n, "studies": studies}
            yield {**facts, **asdict(coverage(case, studies, seed))}
    if not any(by == "prediction" for _, by in known):
        for name, n, share in predicted_coverage(studies, seed):
            yield {"case": name, "by": "prediction", "n": n, "studies": studies, "printed": share}


if __name__ == "__main__":
    sys.exit(main())
