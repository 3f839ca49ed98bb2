"""The measurements as tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bounds import BOUNDS
from workload import LIMIT

__all__ = ["text"]


def text(results: dict[str, Any]) -> str:
    """Everything measured."""
    sections = {
        "ladders": _ladders,
        "engines": _engines,
        "agreement": _agreement,
        "scaling": _scaling,
        "population": _population,
        "patients": _patients,
        "clinic": _clinic,
        "published_runs": _published_runs,
        "petab_problems": _petab_problems,
        "petab_fits": _petab_fits,
        "cluster": _cluster,
        "sensitivity": _sensitivity,
        "start": _start,
        "build": _build,
        "compiling": _compiling,
        "fitting": _fitting,
        "left_out": _left_out,
        "bounds": _bounds,
    }
    parts = [write(results[name]) for name, write in sections.items() if results[name]]
    return "\n\n".join([_machine(results["machine"]), *parts])


def _table(title: str, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    texts = [list(heads), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[column]) for row in texts) for column in range(len(heads))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in texts]
    return "\n".join([title, *(f"  {line}" for line in lines)])


def _table_of(title: str, columns: Mapping[str, str], records: Iterable[Mapping[str, Any]]) -> str:
    """A table of records: each column has a head, and the key of its values."""
    return _table(title, list(columns), ([record.get(key) for key in columns.values()] for record in records))


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
    columns = {
        "engine": "engine",
        "rtol": "relative",
        "atol/size": "absolute",
        "error": "error",
        "in": "worst_output",
        "ms": "one_ms",
        "median ms": "one_median_ms",
    }
    steps = [{"engine": ladder["engine"], **step} for ladder in ladders for step in ladder["steps"]]
    title = f"Every setting: worst error over {ladders[0]['patients']} patients, and the time of one patient"
    return _table_of(title, columns, steps)


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
        "x one": "one",
        "x one, processor": "one_processor",
        "x 1000": "thousand",
        "x 1000, processor": "thousand_processor",
    }
    title = f"At equal error: the quickest setting with an error of at most {LIMIT:g}; medians of the rounds"
    notes = [
        "engines other than batch run in one process: their time for 1000 is that of some random patients, scaled",
        "processor: time of all cores together, which a loaded machine disturbs less; x: times that of batch",
        "pace: a fixed piece of Python, the same for all engines if they met the same machine",
        *(f"{row['engine']}: {row['about']}" for row in engines),
    ]
    table = _table_of(title, columns, [row | row.get("ratios", {}) for row in engines])
    return "\n".join([table, *(f"  {note}" for note in notes)])


def _agreement(cohorts: list[dict[str, Any]]) -> str:
    columns = {
        "cohort": "cohort",
        "patients": "patients",
        "rtol": "relative",
        "atol/size": "absolute",
        "worst error": "worst",
        "in": "worst_output",
        "median": "median",
        f"above {LIMIT:g}": "above_limit",
    }
    return _table_of("Batch at its own tolerances against Radau", columns, cohorts)


def _scaling(results: dict[str, Any]) -> str:
    line = results["line"]
    rows = [(step["patients"], step["seconds"], 1e3 * step["seconds"] / step["patients"]) for step in results["steps"]]
    table = _table("Cost against patients, results dropped", ("patients", "s", "ms each"), rows)
    return (
        f"{table}\n"
        f"  s = {line['intercept_s']:.3g} + {1e-3 * line['slope_ms']:.4g} patients, R2 = {line['r_squared']:.5f}, "
        f"off by at most {100 * line['worst_relative_residual']:.2g} %; as a power, s ~ patients^{line['exponent']:.3f}"
    )


def _population(results: dict[str, Any]) -> str:
    return (
        f"{results['patients']} patients drawn, integrated and streamed to Zarr: {results['seconds']:.3g} s, "
        f"peak memory {results['peak_GiB']:.2f} GiB, {results['written_GiB']:.2f} GiB written"
    )


def _patients(results: dict[str, Any]) -> str:
    coverage = ", ".join(f"{name} {100 * share:.1f} %" for name, share in results["coverage"].items())
    command = results["command"]
    return (
        f"{results['patients']} patients, the most probable parameters of each: {results['seconds']:.3g} s "
        f"({results['processor_s']:.3g} s of processor, pace {1e3 * results['pace']['median']:.3g} ms), "
        f"{results['converged']} found\n"
        f"  month 24 from counts of course 1, {results['covered']} patients, {100 * results['nominal']:.0f} % nominal: "
        f"{coverage}\n"
        f"  one patient from the command line, with figure: {command['seconds']:.3g} s "
        f"({command['processor_s']:.3g} s of processor)"
    )


def _clinic(results: dict[str, Any]) -> str:
    columns = {
        "method": "method",
        "s": "seconds",
        "s of processor": "processor_s",
        "typical values off by": "typical",
        "variances off by, standard errors": "variance",
    }
    title = (
        f"The synthetic clinic, {results['patients']} patients, {results['iterations']} iterations of SAEM, with "
        f"likelihood, standard errors and samples; pace {1e3 * results['pace']['median']:.3g} ms"
    )
    differ = f"  the methods differ by at most {results['difference']:.2g} standard errors"
    return f"{_table_of(title, columns, results['fits'])}\n{differ}"


def _published_runs(results: dict[str, Any]) -> str:
    columns = {
        "data": "data",
        "method": "method",
        "s": "seconds",
        "s of processor": "processor_s",
        "s of nlmixr2": "published_s",
    }
    title = f"Public data, the search alone, and nlmixr2 on its machine; pace {1e3 * results['pace']['median']:.3g} ms"
    objectives = [
        f"  {row['data']}, {row['method']}: objective {row['objective']:.4f}, of nlmixr2 {row['published_objective']}"
        for row in results["runs"]
    ]
    return "\n".join([_table_of(title, columns, results["runs"]), *objectives])


def _petab_problems(results: dict[str, Any]) -> str:
    columns = {
        "problem": "problem",
        "engine": "engine",
        "ms": "objective_ms",
        "error": "objective_error",
        "times ours": "objective_ratio",
        "ms of a gradient": "gradient_ms",
        "its error": "gradient_error",
        "times ours ": "gradient_ratio",
        "ms by differences": "differences_ms",
        "times ours  ": "differences_ratio",
        "why not": "reason",
    }
    paces = ", ".join(f"{1e3 * pace['median']:.3g}" for pace in results["paces"])
    title = f"Problems in PEtab at equal error; processor time; paces {paces} ms"
    return "\n".join([_table_of(title, columns, results["rows"]), *(f"  {one}" for one in results["left_out"])])


def _petab_fits(results: dict[str, Any]) -> str:
    columns = {
        "problem": "problem",
        "seed": "seed",
        "log-likelihood": "log_likelihood",
        "as high": "same",
        "within 1.92": "reached",
        "evaluations": "evaluations",
        "s": "seconds",
        "s for one within 1.92": "seconds_of_one",
        "of fides with AMICI": "published_seconds_of_one",
    }
    pace = 1e3 * results["pace"]["median"]
    title = f"Problems in PEtab from 20 starts, and pyPESTO's fides with AMICI; processor time; pace {pace:.3g} ms"
    rows = [row | {"log_likelihood": f"{row['log_likelihood']:.4f}"} for row in results["fits"]]
    return _table_of(title, columns, rows)


def _cluster(results: dict[str, Any]) -> str:
    larger = results["extrapolated"]
    hours = [f"h on {workers} workers" for workers in larger[0]["hours"]]
    heads = ("patients", *hours, "h of the client", "GB")
    rows = [(f"{row['patients']:.0e}", *row["hours"].values(), row["client_hours"], row["GB"]) for row in larger]
    return (
        f"{results['patients']} patients streamed: {results['here_s']:.3g} s here, {results['spread_s']:.3g} s on "
        f"{results['workers']} workers, which take {results['start_s']:.3g} s to start\n"
        f"  processor: {results['patient_ms']:.3g} ms of a worker a patient, {results['chunk_ms']:.3g} ms of the "
        f"client a chunk; {results['written_kB']:.3g} kB a patient; pace {1e3 * results['pace']['median']:.3g} ms\n"
        + _table("  Extrapolated:", heads, rows)
    )


def _sensitivity(results: dict[str, Any]) -> str:
    rounds = ", ".join(f"{ratio:.2f}" for ratio in results["ratio_of_each_round"])
    return (
        f"{len(results['parameters'])} sensitivities: {results['with_sensitivities_ms']:.3g} ms against "
        f"{results['plain_ms']:.3g} ms, {results['ratio']:.2f} times (rounds: {rounds}); "
        f"error {results['error']:.2g} against differences of order 6"
    )


def _start(calls: list[dict[str, Any]]) -> str:
    title = f"Seconds from a command typed to its end, medians of {calls[0]['repeats']}"
    return _table_of(title, {"command": "call", "s": "seconds", "processor s": "processor_s"}, calls)


def _build(seconds: dict[str, float]) -> str:
    title = "Seconds from equations to the counts of a first patient, without imports"
    return _table(title, ("engine", "s"), seconds.items())


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
    return _table_of("Seconds against the size of a model that was never used, without imports", columns, models)


def _fitting(fits: list[dict[str, Any]]) -> str:
    return _table_of("Fits, warm, without imports", {"fit": "fit", "s": "seconds"}, fits)


def _left_out(reasons: dict[str, str]) -> str:
    return "\n".join(["Left out", *(f"  {name}: {reason}" for name, reason in reasons.items())])


def _bounds(values: dict[str, float]) -> str:
    rows = []
    for name, value in values.items():
        sense, bound = BOUNDS[name]
        met = value >= bound if sense == ">=" else value <= bound
        rows.append((name, value, f"{sense} {bound:g}", "yes" if met else "NO"))
    return _table("Bounds", ("what", "measured", "bound", "met"), rows)
