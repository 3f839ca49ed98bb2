"""`make bench`: one process a measurement; tables on stdout, everything as JSON in a file."""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bounds import measured_values
from build import compared
from ladder import ENGINES, absent, cheapest
from machine import facts, load
from petab_problems import compared as compared_petab
from process import measured, say
from report import text
from workload import COHORTS

FULL = {
    "sample": 20,
    "agreement": 201,
    "rounds": 5,
    "seconds": 2.0,
    "peers": 25,
    "population": 100_000,
    "patients": 1000,
    "iterations": 500,
}
QUICK = {
    "sample": 10,
    "agreement": 21,
    "rounds": 1,
    "seconds": 0.5,
    "peers": 5,
    "population": 10_000,
    "patients": 100,
    "iterations": 60,
}
SIZES = (100, 300, 1000, 3000, 10_000, 30_000, 100_000)
FITS = ("hill_cawthorne_2012", "care_ms_course_1_population")
STATES = (10, None, 100, 300, 1000)
"""Of the models whose compiling is measured; None is the shipped one."""
Results = dict[str, Any]


def compare_engines(size: dict[str, Any], results: Results) -> None:
    """Ladders one engine after the other, then races in turn, so that all meet the same machine."""
    measured("reference", patients={COHORTS[0]: size["sample"]})
    rows: dict[str, Results] = {}
    for engine in ENGINES:
        say(f"ladder of {engine}")
        reason = absent(engine)
        ladder = {"failed": reason} if reason else measured("ladder", engine=engine, patients=size["sample"])
        if not _succeeded(results, engine, ladder):
            continue
        results["ladders"].append(ladder)
        best = cheapest(ladder["steps"])
        if best is None:
            results["left_out"][engine] = "no setting of its ladder is accurate enough"
        else:
            rows[engine] = {**best, "engine": ladder["engine"], "about": ladder["about"], "races": []}
    for turn in range(size["rounds"]):
        for engine, row in rows.items():
            say(f"race {turn + 1} of {size['rounds']}: {row['engine']}")
            setting = {"relative": row["relative"], "absolute": row["absolute"], "seconds": size["seconds"]}
            race = measured("race", engine=engine, sampled=size["peers"], **setting)
            if _succeeded(results, f"race {turn + 1} of {engine}", race):
                row["races"].append(race)
    results["engines"] = [_medians(row) for row in rows.values() if row["races"]]
    batch = next((row for row in results["engines"] if row["engine"] == "batch"), None)
    for row in results["engines"]:
        if batch is not None and row is not batch:
            row["ratios"] = {name: _ratio(row, batch, key) for name, key in _COMPARED.items()}


_COMPARED = {
    "one": "one_ms",
    "one_processor": "one_processor_ms",
    "thousand": "thousand_s",
    "thousand_processor": "thousand_processor_s",
}


def _medians(row: Results) -> Results:
    races = row["races"]
    medians = {key: statistics.median(race[key] for race in races) for key in _COMPARED.values()}
    pace = 1e3 * min(one["least"] for race in races for one in race["pace"])
    return {**row, **medians, "measured_patients": races[0]["measured_patients"], "pace_ms": pace}


def _ratio(row: Results, batch: Results, key: str) -> float:
    """How many times slower than batch: the median of the rounds, in each of which both met the same machine."""
    return statistics.median(one[key] / other[key] for one, other in zip(row["races"], batch["races"], strict=False))


def _succeeded(results: Results, name: str, answer: Any) -> bool:
    """Whether a measurement worked; if not, its reason is noted."""
    if "failed" in answer:
        results["left_out"][name] = answer["failed"]
    return "failed" not in answer


def compare_with_radau(size: dict[str, Any], results: Results) -> None:
    """The batch engine at its own tolerances; the references take minutes once."""
    say("Radau references")
    measured("reference", patients=dict.fromkeys(COHORTS, size["agreement"]))
    answers = [measured("agreement", cohort=cohort, patients=size["agreement"]) for cohort in COHORTS]
    results["agreement"] = [answer for answer in answers if _succeeded(results, "agreement", answer)]


def start(size: dict[str, Any], results: Results) -> None:
    """From a command typed to its end."""
    say("commands, from typed to their end")
    answer = measured("start", repeats=size["rounds"], fits=FITS[:1])
    if _succeeded(results, "start", answer):
        results["start"] = answer


def build(size: dict[str, Any], results: Results) -> None:
    """From equations to a first result, with a peer."""
    say("from equations to a first result")
    answer = compared(size["rounds"])
    if _succeeded(results, "build", answer):
        results["build"] = answer


def fitting(size: dict[str, Any], results: Results) -> None:
    """Fits that ship."""
    for name in FITS:
        say(f"fit {name}")
        answer = measured("fitting", name=name, least=size["rounds"])
        if _succeeded(results, f"fit {name}", answer):
            results["fitting"].append(answer)


def compile_sizes(_: dict[str, Any], results: Results) -> None:
    """Models never used before, where the loops of the engine are compiled already."""
    with tempfile.TemporaryDirectory(prefix="lymphokinetics-bench-") as folder:
        environment = {"LYMPHOKINETICS_CACHE": folder}
        measured("size", environment, states=2)
        for states in STATES:
            say(f"compiling a model of {states or 'the shipped number of'} states")
            answer = measured("size", environment, states=states)
            if _succeeded(results, f"size, {states} states", answer):
                results["compiling"].append(answer)


def petab_problems(size: dict[str, Any], results: Results) -> None:
    """Published problems in PEtab, with peers."""
    say("petab_problems")
    answer = compared_petab(size["seconds"])
    if _succeeded(results, "petab_problems", answer):
        results["petab_problems"] = answer


def _alone(name: str, request: Callable[[dict[str, Any]], Results]) -> Callable[[dict[str, Any], Results], None]:
    """A part that is one measurement."""

    def measure(size: dict[str, Any], results: Results) -> None:
        say(name)
        reason = absent(name)
        answer = {"failed": reason} if reason else measured(name, **request(size))
        if _succeeded(results, name, answer):
            results[name] = answer

    return measure


PARTS: dict[str, Callable[[dict[str, Any], Results], None]] = {
    "engines": compare_engines,
    "sensitivity": _alone("sensitivity", lambda size: {"seconds": size["seconds"] / 4}),
    "start": start,
    "build": build,
    "size": compile_sizes,
    "fitting": fitting,
    "scaling": _alone("scaling", lambda size: {"sizes": [one for one in SIZES if one <= size["population"]]}),
    "population": _alone("population", lambda size: {"patients": size["population"]}),
    "patients": _alone(
        "patients",
        lambda size: {"patients": size["patients"], "covered": size["patients"] // 2, "repeats": size["rounds"]},
    ),
    "clinic": _alone(
        "clinic", lambda size: {"explore": 3 * size["iterations"] // 10, "smooth": 7 * size["iterations"] // 10}
    ),
    "published_runs": _alone("published_runs", lambda _: {"methods": ["FOCEI", "SAEM"]}),
    "petab_problems": petab_problems,
    "petab_fits": _alone("petab_fits", lambda size: {"seeds": list(range(1, 1 + size["rounds"]))}),
    "cluster": _alone("cluster", lambda size: {"patients": size["population"] // 5, "pieces": 1000}),
    "agreement": compare_with_radau,
}
_ALONE = ("scaling", "population", "patients", "clinic", "published_runs", "petab_problems", "cluster")
_ALONE += ("petab_fits", "sensitivity", "build")


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python tests/benchmarks", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/benchmarks.json"), help="where the JSON goes")
    parser.add_argument("--quick", action="store_true", help="fewer patients and rounds: minutes, rougher numbers")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="some parts alone")
    options = parser.parse_args()
    size = QUICK if options.quick else FULL
    results: Results = {"machine": {**facts(), "load_before": load()}, "size": size, "left_out": {}}
    results |= {name: [] for name in ("ladders", "engines", "agreement", "start", "compiling", "fitting")}
    results |= dict.fromkeys(_ALONE)
    for part in options.only:
        PARTS[part](size, results)
    results["machine"]["load_after"] = load()
    results["bounds"] = measured_values(results)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(results, indent=1))
    print(text(results))
    say(f"written: {options.out}")


if __name__ == "__main__":
    main()
