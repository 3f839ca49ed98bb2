"""What a user gives on the command line, checked before any work: durations, courses, values, places to write."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kinetics.errors import Faults
from kinetics.files.reading import reason_of

if TYPE_CHECKING:
    from kinetics.regimen import Regimen


def check_engine(faults: Faults, engine: str) -> None:
    """Check the name of an engine."""
    from kinetics.simulation.engine import check_engine as check

    with faults.gather(name="--engine"):
        check(engine)


def listed_names(text: str | None) -> list[str]:
    """The names in a text ``NAME,NAME``."""
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def chosen_regimen(faults: Faults, name: str | None, retreat: Sequence[str], with_regimen: str) -> Regimen:
    """The regimen of a name, or no drug, with a course of another at each of some times."""
    from kinetics.regimen import Regimen, only_course, with_retreatment

    regimen = Regimen.none()
    if name is not None:
        with faults.gather(name="--regimen"):
            regimen = Regimen.load(name)
    if retreat:
        with faults.gather(name="--retreat"):
            regimen = with_retreatment(regimen, only_course(Regimen.load(with_regimen)), list(retreat))
    return regimen


def named_values(faults: Faults, option: str, example: str, settings: Sequence[str]) -> dict[str, str]:
    """The texts ``NAME=VALUE UNIT`` of a repeatable option, by name."""
    values: dict[str, str] = {}
    for text in settings:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals:
            faults.add(f"write NAME='VALUE UNIT', such as {example}", name=f"{option} {name}")
            continue
        values[name] = value
    return values


def check_cluster(faults: Faults, cluster: str | None, workers: int | None, missing: str = "") -> None:
    """Check how ``--cluster`` and ``--workers`` are given; ``missing`` is an option that they need."""
    from kinetics.cluster.clients import check_dask, check_worker_memory

    if cluster is None and workers is None:
        return
    option = "--workers" if cluster is None else "--cluster"
    if cluster is not None and workers is not None:
        faults.add("a cluster has workers of its own; leave out one of the two", name=option)
    if missing:
        faults.add(f"one patient needs no cluster; give {missing} N, or leave it out", name=option)
    with faults.gather(name=option):
        check_dask()
        check_worker_memory(workers or 0)


def parts_of(text: str | None) -> list[str] | None:
    """The parts of an option between commas; None if it is not given."""
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]


def destination(
    faults: Faults,
    path: Path | None,
    *suffixes: str,
    name: str = "--out",
    inputs: Iterable[str | Path | None] = (),
) -> None:
    """Check, before the work, that the file of an option can be written; an existing one stays untouched.

    Its name must end in one of the suffixes. ``inputs`` are names, or files that the command reads and that must not be
    replaced.
    """
    if path is None:
        return
    try:
        if path.suffix.lower() not in suffixes:
            faults.add(f"end the name in {' or '.join(suffixes)}", str(path), name)
        elif path.is_dir():
            faults.add("is a folder; name a file", str(path), name)
        elif path.exists() and not path.is_file():
            faults.add("is no regular file; name another", str(path), name)
        elif path.exists() and any(each is not None and _is_same(path, each) for each in inputs):
            faults.add("is what is read; name another file", str(path), name)
        else:
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.stem[:40]}-"):
                pass
            if path.suffix.lower() == ".xlsx":
                from kinetics.result_tables import check_tables

                with faults.gather(name=name):
                    check_tables(path)
    except (OSError, ValueError) as error:
        faults.add(f"cannot be written: {reason_of(error)}", str(path), name)


def folder(faults: Faults, path: Path | None, name: str) -> None:
    """Check, before the work, that files can be written into the folder of an option, which may be new."""
    if path is None:
        return
    if path.exists() and not path.is_dir():
        faults.add("is a file; name a folder", str(path), name)
        return
    try:
        with tempfile.TemporaryDirectory(dir=path if path.is_dir() else path.parent, prefix=".folder-"):
            pass
    except (OSError, ValueError) as error:
        faults.add(f"cannot be written: {reason_of(error)}", str(path), name)


def _is_same(path: Path, other: str | Path) -> bool:
    try:
        return path.samefile(other)
    except (OSError, ValueError):  # a name of the library
        return False
