"""``NAME.discrepancy.toml``: the discrepancy of a fit, written beside its committed result, and read."""

from __future__ import annotations

import tomllib
import warnings
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import tomli_w
from pydantic import Field, StrictStr

from kinetics.crossvalidation.discrepancy import Discrepancy
from kinetics.crossvalidation.distance import FittedArm
from kinetics.crossvalidation.estimating import DiscrepancySD
from kinetics.errors import Fault, Faults, InputError, warn
from kinetics.estimate import Estimates
from kinetics.files.checksums import CHECKSUM, ChecksumWarning, table_checksum
from kinetics.files.documents import Document, read_document
from kinetics.files.rows import Row, read_row
from kinetics.files.writing import write_atomically

SUFFIX = ".discrepancy.toml"
R = TypeVar("R", bound=Row)
Number = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class HeadRow(Row):
    """``[discrepancy]``: the fit that it belongs to."""

    fit: StrictStr
    data_hash: StrictStr
    model_hash: StrictStr
    seed: int
    checksum: StrictStr = ""


class ClassRow(Row):
    """``[[classes]]``: the discrepancy of one output, or of all (``*``), at a distance."""

    distance: Literal["visit", "source"]
    output: StrictStr
    number: Literal["value", "sd", "share", "time", "*"]
    log_sd: Number
    freedom: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    numbers: Annotated[int, Field(ge=0)]


class ArmRow(Row):
    """``[[arms]]``: patients that were fitted."""

    cohort: StrictStr
    first_course: StrictStr
    courses: Annotated[int, Field(ge=0)]
    months: Number


def discrepancy_path(problem: Path) -> Path:
    """The discrepancy of a fit problem or of its result: ``NAME.toml`` to ``NAME.discrepancy.toml``."""
    return problem.with_name(problem.name.removesuffix(".toml").removesuffix(".result") + SUFFIX)


def write_discrepancy(path: str | Path, discrepancy: Discrepancy) -> None:
    """Write it, atomically, with the checksum of its content.

    Raises
    ------
    InputError, StorageError
        If the file cannot be written.
    """
    head = {key: getattr(discrepancy, key) for key in ("fit", "data_hash", "model_hash", "seed")}
    classes = [
        {
            "distance": distance,
            "output": output,
            "number": number,
            "log_sd": _rounded(one.log_sd),
            "freedom": _rounded(one.freedom),
            "numbers": one.numbers,
        }
        for (distance, output, number), one in discrepancy.classes.items()
    ]
    arms = [{**vars(arm), "months": _rounded(arm.months)} for arm in discrepancy.arms]
    content: dict[str, Any] = {"discrepancy": head, "classes": classes, "arms": arms}
    head[CHECKSUM] = table_checksum(tomllib.loads(tomli_w.dumps(content)), "discrepancy")
    title = f"# Written by 'kinetics crossvalidate {discrepancy.fit} --save'. Standard deviations are of logarithms.\n"
    write_atomically(path, title + tomli_w.dumps(content))


def read_discrepancy(path: str | Path) -> Discrepancy:
    """Read it.

    Raises
    ------
    InputError
        If it is missing or not of the form that `write_discrepancy` gives it; every fault of the file.

    Warns
    -----
    ChecksumWarning
        If it was edited by hand since it was written, or has no checksum.
    """
    document, faults = read_document(path), Faults()
    for key in sorted(document.data.keys() - {"discrepancy", "classes", "arms"}):
        faults.add("unknown table; there are discrepancy, classes, arms", document.where(key), key)
    head = read_row(HeadRow, document.data.get("discrepancy"), document, ("discrepancy",), faults)
    classes = _rows(ClassRow, document, "classes", faults)
    arms = _rows(ArmRow, document, "arms", faults)
    faults.raise_if_any()
    assert head is not None
    if head.checksum != table_checksum(document.data, "discrepancy"):
        message = f"{path}: edited by hand since it was written: not what its checksum is of"
        warnings.warn(message, ChecksumWarning, stacklevel=2)
    sds = {(row.distance, row.output, row.number): _sd(row) for row in classes}
    return Discrepancy(
        head.fit,
        head.data_hash,
        head.model_hash,
        head.seed,
        sds,
        tuple(FittedArm(**row.model_dump()) for row in arms),
    )


def discrepancy_of(estimates: Estimates, path: Path) -> Discrepancy | None:
    """The discrepancy at a path if it is of these estimates; None, with a warning, if the fit has changed since.

    Raises
    ------
    InputError
        If it is of a fit of another name.
    """
    discrepancy, facts = read_discrepancy(path), estimates.facts
    if discrepancy.fit != estimates.fit:
        raise InputError(Fault(f"is of fit '{discrepancy.fit}', not of '{estimates.fit}'", str(path)))
    if (discrepancy.data_hash, discrepancy.model_hash) != (facts.get("data_hash"), facts.get("model_hash")):
        hint = f"'kinetics crossvalidate {estimates.fit} --save' writes it anew"
        warn(f"{path}: not used, it is of an earlier state of fit '{estimates.fit}'; {hint}")
        return None
    return discrepancy


def _rows(kind: type[R], document: Document, table: str, faults: Faults) -> list[R]:
    rows = document.data.get(table, [])
    if not isinstance(rows, list):
        faults.add(f"must be a list of tables, [[{table}]]", document.where(table), table)
        return []
    read = [read_row(kind, data, document, (table, number), faults) for number, data in enumerate(rows)]
    return [row for row in read if row is not None]


def _sd(row: ClassRow) -> DiscrepancySD:
    return DiscrepancySD(row.log_sd, row.freedom, row.numbers)


def _rounded(number: float) -> float:
    """To ten digits: the same text on every machine that agrees to that many."""
    return float(f"{number:.10g}")
