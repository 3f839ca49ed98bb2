"""The measurements as tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from wanted import BOUNDS
from workload import LIMIT

__all__ = ["text"]


def text(found: dict[str, Any]) -> str:
    """Everything measured."""
    sections = {
        "ladders": _ladders,
        "engines": _engines,
        "agreement": _agreement,
        "scaling": _scaling,
        "crowd": _crowd,
        "sensitivity": _sensitivity,
        "start": _start,
        "compiling": _compiling,
        "fitting": _fitting,
        "left_out": _left_out,
        "wanted": _wanted,
    }
    parts = [write(found[name]) for name, write in sections.items() if found[name]]
    return "\n\n".join([_machine(found["machine"]), *parts])


def _table(title: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    texts = [list(heads), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[column]) for row in texts) for column in range(len(heads))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in texts]
    return "\n".join([title, *(f"  {line}" for line in lines)])


def _cell(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else "" if value is None else str(value)


def _machine(facts: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    before, after = (", ".join(f"{one:.2f}" for one in facts[key] or ()) for key in ("load_before", "load_after"))
    return (
        f"{facts['processor']}, {facts['cores']} cores, {facts['memory_GiB']} GiB, {facts['system']}\n"
        f"Python {facts['python']}, {versions}\n"
        f"load average before {before}; after {after}"
    )


def _ladders(ladders: list[dict[str, Any]]) -> str:
    keys = ("relative", "absolute", "error", "worst_output", "one_ms", "one_median_ms")
    rows = [(one["engine"], *(step[key] for key in keys)) for one in ladders for step in one["steps"]]
    title = f"Every setting: worst error over {ladders[0]['patients']} patients, and the time of one patient"
    return _table(title, ("engine", "rtol", "atol/size", "error", "in", "ms", "median ms"), rows)


def _engines(engines: list[dict[str, Any]]) -> str:
    columns = {
        "engine": "engine",
        "rtol": "relative",
        "atol/size": "absolute",
        "error": "error",
        "ms, one": "one_ms",
        "processor ms": "one_processor_ms",
        "s, 1000": "thousand_s",
        "processor s": "thousand_processor_s",
        "of so many": "measured_patients",
        "pace ms": "pace_ms",
    }
    ratios = {"one": "one", "processor": "one_processor", "1000": "thousand", "processor ": "thousand_processor"}
    rows = [
        (*(row[key] for key in columns.values()), *(row.get("ratios", {}).get(key) for key in ratios.values()))
        for row in engines
    ]
    heads = (*columns, *(f"x {name}" for name in ratios))
    title = f"At equal error: the quickest setting with an error of at most {LIMIT:g}; least times of all rounds"
    notes = [
        "engines other than batch run in one process: their time for 1000 is that of some random patients, scaled",
        "processor: time of all cores together, which a loaded machine disturbs less; x: times that of batch",
        "pace: a fixed piece of Python, the same for all engines if they met the same machine",
        *(f"{row['engine']}: {row['about']}" for row in engines),
    ]
    return "\n".join([_table(title, heads, rows), *(f"  {note}" for note in notes)])


def _agreement(cohorts: list[dict[str, Any]]) -> str:
    keys = ("cohort", "patients", "relative", "absolute", "worst", "worst_output", "median", "above_limit")
    heads = ("cohort", "patients", "rtol", "atol/size", "worst error", "in", "median", f"above {LIMIT:g}")
    title = "Batch at its own tolerances against Radau"
    return _table(title, heads, ([row[key] for key in keys] for row in cohorts))


def _scaling(found: dict[str, Any]) -> str:
    line = found["line"]
    rows = [(step["patients"], step["seconds"], 1e3 * step["seconds"] / step["patients"]) for step in found["steps"]]
    table = _table("Cost against patients, results dropped", ("patients", "s", "ms each"), rows)
    return (
        f"{table}\n"
        f"  s = {line['intercept_s']:.3g} + {1e-3 * line['slope_ms']:.4g} patients, R2 = {line['r_squared']:.5f}, "
        f"off by at most {100 * line['worst_relative_residual']:.2g} %; as a power, s ~ patients^{line['exponent']:.3f}"
    )


def _crowd(found: dict[str, Any]) -> str:
    return (
        f"{found['patients']} patients drawn, integrated and streamed to Zarr: {found['seconds']:.3g} s, "
        f"peak memory {found['peak_GiB']:.2f} GiB, {found['written_GiB']:.2f} GiB written"
    )


def _sensitivity(found: dict[str, Any]) -> str:
    rounds = ", ".join(f"{ratio:.2f}" for ratio in found["ratio_of_each_round"])
    return (
        f"{len(found['parameters'])} sensitivities: {found['with_sensitivities_ms']:.3g} ms against "
        f"{found['plain_ms']:.3g} ms, {found['ratio']:.2f} times (rounds: {rounds}); "
        f"error {found['error']:.2g} against differences of order 6"
    )


def _start(calls: list[dict[str, Any]]) -> str:
    first, later = (
        ("to_first_result_s", "processor_s"),
        ("to_first_result_s", "processor_s", "imports_s", "without_imports_s"),
    )
    rows = [
        (one["call"], *(one["first_use"][key] for key in first), *(one["later"][key] for key in later)) for one in calls
    ]
    heads = ("call", "first use", "processor s", "next process", "processor s", "of it imports", "the rest")
    return _table("Seconds from the start of a process to its first result", heads, rows)


def _compiling(models: list[dict[str, Any]]) -> str:
    columns = {
        "states": "states",
        "read": "read_s",
        "compile": "compile_s",
        "solve": "solve_s",
        "together": "to_result_s",
        "processor s": "processor_s",
        "compile for gradients": "gradient_s",
        "MB of code": "code_MB",
    }
    rows = [[one[key] for key in columns.values()] for one in models]
    return _table("Seconds against the size of a model that was never used, without imports", list(columns), rows)


def _fitting(found: dict[str, Any]) -> str:
    return f"fit {found['fit']}, warm, without imports: {found['seconds']:.3g} s (median {found['median_s']:.3g} s)"


def _left_out(reasons: dict[str, str]) -> str:
    return "\n".join(["Left out", *(f"  {name}: {reason}" for name, reason in reasons.items())])


def _wanted(values: dict[str, float]) -> str:
    rows = []
    for name, value in values.items():
        sense, bound = BOUNDS[name]
        met = value >= bound if sense == ">=" else value <= bound
        rows.append((name, value, f"{sense} {bound:g}", "yes" if met else "NO"))
    return _table("Wanted", ("what", "measured", "bound", "met"), rows)
