"""From a command typed to its end: on a new machine, with a new or edited model, and when all code is in the cache."""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kinetics.files.library import library_folder
from kinetics.model import Model
from process import say
from workload import COHORTS, EVERY, MODEL, REGIMEN, UNTIL

__all__ = ["measure"]

_SIMULATE = ("--cohort", COHORTS[0], "--regimen", REGIMEN, "--until", UNTIL, "--every", EVERY, "--patients", "1000")
_COMMAND = (sys.executable, "-m", "kinetics.cli")
_EDIT = ("- kill*N4_b", "- 1.01*kill*N4_b")
"""A term in a rate of the CD4 model, and another one."""


def measure(repeats: int, fits: Sequence[str]) -> list[dict[str, Any]]:
    """Seconds of each command, the median of some repeats.

    Parameters
    ----------
    repeats : int
        How often each is typed, each time with the same cache as before.
    fits : list of str
        The fits that ship whose command is timed too, with the engine in the cache and without the code of the model.
    """
    with tempfile.TemporaryDirectory(prefix="lymphokinetics-bench-") as name:
        folder = Path(name)
        empty, engine, full = folder / "empty", folder / "engine", folder / "full"
        empty.mkdir(mode=0o700)
        simulate = [*_COMMAND, "simulate", MODEL, *_SIMULATE]
        gradient = [sys.executable, str(Path(__file__).with_name("gradient.py"))]
        _fill(empty, full, [simulate, gradient, *([*_COMMAND, "fit", fit] for fit in fits)])
        _without_models(full, engine)
        edited = _edited_model(folder / "models")
        calls = {
            "simulate 1000 patients, empty cache": (empty, simulate),
            "simulate 1000 patients, model new to the cache": (engine, simulate),
            "simulate 1000 patients, again": (full, simulate),
            "simulate 1000 patients, a rate edited": (full, [*_COMMAND, "simulate", str(edited), *_SIMULATE]),
            "ten sensitivities, model new to the cache": (engine, gradient),
            "ten sensitivities, again": (full, gradient),
            **{f"fit {fit}, model new to the cache": (engine, [*_COMMAND, "fit", fit]) for fit in fits},
        }
        return [_repeated(call, folder / "used", cache, command, repeats) for call, (cache, command) in calls.items()]


def _fill(empty: Path, full: Path, commands: Sequence[Sequence[str]]) -> None:
    shutil.copytree(empty, full)
    for command in commands:
        _seconds(command, full)


def _without_models(full: Path, engine: Path) -> None:
    """Copy the loops that are the same for all models, and leave out the code of models."""
    shutil.copytree(full, engine)
    for folder in {path.parent for path in engine.glob("*/*.object")}:
        shutil.rmtree(folder)


def _edited_model(folder: Path) -> Path:
    shutil.copytree(library_folder("models"), folder)
    part = folder / "cd4.toml"
    text = part.read_text()
    if _EDIT[0] not in text:
        raise SystemExit(f"{part.name} has no rate with {_EDIT[0]} to edit; name another in {Path(__file__).name}")
    part.write_text(text.replace(*_EDIT, 1))
    whole = folder / f"{MODEL}.toml"
    name, path = f'"{part.stem}"', f'"{part.name}"'  # of the library, and of the file beside it
    whole.write_text(whole.read_text().replace(f"{part.stem} = {name}", f"{part.stem} = {path}", 1))
    if Model.load(whole).content_hash == Model.load(MODEL).content_hash:
        raise SystemExit(f"{MODEL} does not change with {part.name}; look at its uses in {Path(__file__).name}")
    return whole


def _repeated(call: str, used: Path, cache: Path, command: Sequence[str], repeats: int) -> dict[str, Any]:
    times = []
    for _ in range(repeats):
        shutil.rmtree(used, ignore_errors=True)
        shutil.copytree(cache, used)
        times.append(_seconds(command, used))
    seconds, processor = (statistics.median(column) for column in zip(*times, strict=True))
    say(f"  {call}: {seconds:.3g} s")
    return {"call": call, "seconds": seconds, "processor_s": processor, "repeats": repeats}


def _seconds(command: Sequence[str], cache: Path) -> tuple[float, float]:
    """Wall time, and processor time of all cores together."""
    environment = {**os.environ, "LYMPHOKINETICS_CACHE": str(cache)}
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - begin, processor
