"""`make bench`: one process a measurement; tables on stdout, everything as JSON in a file."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ladder import ENGINES, absent, cheapest
from machine import facts, load
from process import measured, say
from report import text
from start import CALLS
from wanted import shown
from workload import COHORTS

FULL = {"sample": 20, "agreement": 201, "rounds": 3, "seconds": 2.0, "peers": 25, "crowd": 100_000}
QUICK = {"sample": 10, "agreement": 21, "rounds": 1, "seconds": 0.5, "peers": 5, "crowd": 10_000}
SIZES = (100, 300, 1000, 3000, 10_000, 30_000, 100_000)
STATES = (10, None, 100, 300, 1000)
"""Of the models whose compiling is measured; None is the shipped one."""
Found = dict[str, Any]


def compare_engines(size: dict[str, Any], found: Found) -> None:
    """Ladders one engine after the other, then races in turn, so that all meet the same machine."""
    measured("reference", patients={COHORTS[0]: size["sample"]})
    rows: dict[str, Found] = {}
    for engine in ENGINES:
        say(f"ladder of {engine}")
        reason = absent(engine)
        climbed = {"failed": reason} if reason else measured("ladder", engine=engine, patients=size["sample"])
        if not _kept(found, engine, climbed):
            continue
        found["ladders"].append(climbed)
        best = cheapest(climbed["steps"])
        if best is None:
            found["left_out"][engine] = "no setting of its ladder is accurate enough"
        else:
            rows[engine] = {**best, "engine": climbed["engine"], "about": climbed["about"], "races": []}
    for turn in range(size["rounds"]):
        for engine, row in rows.items():
            say(f"race {turn + 1} of {size['rounds']}: {row['engine']}")
            setting = {"relative": row["relative"], "absolute": row["absolute"], "seconds": size["seconds"]}
            race = measured("race", engine=engine, sampled=size["peers"], **setting)
            if _kept(found, f"race {turn + 1} of {engine}", race):
                row["races"].append(race)
    found["engines"] = [_least(row) for row in rows.values() if row["races"]]
    batch = next((row for row in found["engines"] if row["engine"] == "batch"), None)
    for row in found["engines"]:
        if batch is not None and row is not batch:
            row["ratios"] = {name: row[key] / batch[key] for name, key in _COMPARED.items()}


_COMPARED = {
    "one": "one_ms",
    "one_processor": "one_processor_ms",
    "thousand": "thousand_s",
    "thousand_processor": "thousand_processor_s",
}


def _least(row: Found) -> Found:
    races = row["races"]
    least = {key: min(race[key] for race in races) for key in _COMPARED.values()}
    pace = 1e3 * min(one["least"] for race in races for one in race["pace"])
    return {**row, **least, "measured_patients": races[0]["measured_patients"], "pace_ms": pace}


def _kept(found: Found, name: str, answer: Found) -> bool:
    """Whether a measurement worked; if not, its reason is noted."""
    if "failed" in answer:
        found["left_out"][name] = answer["failed"]
    return "failed" not in answer


def compare_with_radau(size: dict[str, Any], found: Found) -> None:
    """The batch engine at its own tolerances; the references take minutes once."""
    say("Radau references")
    measured("reference", patients=dict.fromkeys(COHORTS, size["agreement"]))
    answers = [measured("agreement", cohort=cohort, patients=size["agreement"]) for cohort in COHORTS]
    found["agreement"] = [one for one in answers if _kept(found, "agreement", one)]


def start(size: dict[str, Any], found: Found) -> None:
    """First use and later processes."""
    for call in CALLS:
        say(f"first use: {call}")
        answer = measured("start", call=call, repeats=2 * size["rounds"] + 1)
        if _kept(found, f"start, {call}", answer):
            found["start"].append(answer)


def compile_sizes(_: dict[str, Any], found: Found) -> None:
    """Models never used before, where the loops of the engine are compiled already."""
    with tempfile.TemporaryDirectory(prefix="lymphokinetics-bench-") as folder:
        environment = {"LYMPHOKINETICS_CACHE": folder}
        measured("size", environment, states=2)
        for states in STATES:
            say(f"compiling a model of {states or 'the shipped number of'} states")
            answer = measured("size", environment, states=states)
            if _kept(found, f"size, {states} states", answer):
                found["compiling"].append(answer)


def _alone(name: str, request: Callable[[dict[str, Any]], Found]) -> Callable[[dict[str, Any], Found], None]:
    """A part that is one measurement."""

    def measure(size: dict[str, Any], found: Found) -> None:
        say(name)
        answer = measured(name, **request(size))
        if _kept(found, name, answer):
            found[name] = answer

    return measure


PARTS: dict[str, Callable[[dict[str, Any], Found], None]] = {
    "engines": compare_engines,
    "sensitivity": _alone("sensitivity", lambda size: {"seconds": size["seconds"] / 4}),
    "start": start,
    "size": compile_sizes,
    "fitting": _alone("fitting", lambda size: {"name": "hill_cawthorne_2012", "seconds": 2 * size["seconds"]}),
    "scaling": _alone("scaling", lambda size: {"sizes": [one for one in SIZES if one <= size["crowd"]]}),
    "crowd": _alone("crowd", lambda size: {"patients": size["crowd"]}),
    "agreement": compare_with_radau,
}


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python tests/benchmarks", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/benchmarks.json"), help="where the JSON goes")
    parser.add_argument("--quick", action="store_true", help="fewer patients and rounds: minutes, rougher numbers")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="some parts alone")
    asked = parser.parse_args()
    size = QUICK if asked.quick else FULL
    found: Found = {"machine": {**facts(), "load_before": load()}, "size": size, "left_out": {}}
    found |= {name: [] for name in ("ladders", "engines", "agreement", "start", "compiling")}
    found |= dict.fromkeys(("scaling", "crowd", "sensitivity", "fitting"))
    for part in asked.only:
        PARTS[part](size, found)
    found["machine"]["load_after"] = load()
    found["wanted"] = shown(found)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(found, indent=1))
    print(text(found))
    say(f"written: {asked.out}")


if __name__ == "__main__":
    main()
