"""Whatever happens to the files of a stream: it ends as a clean run does, or in an error that says what to do."""

import json
import os
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest

from kinetics.checking.files import CHECKS
from kinetics.errors import Faults, InputError
from kinetics.measures import TimeToThreshold
from kinetics.regimen import Course
from kinetics.results import read_result
from kinetics.simulation.simulating import simulate

SIZE, CHUNK = 25, 10
ONCE = Course.of("drug", "1 mg").repeat(1)
TOLD = {".zattrs", ".zmetadata", ".checksums"}
"""Files that hold the time at which a store was begun, or a checksum of those."""


class Killed(BaseException):
    """The process is gone."""


def stream(model, out, *, stop=False, resume=False):
    def progress(done: int, _: int) -> None:
        if stop and done >= 20:
            raise Killed

    measures = [TimeToThreshold("Y", "0.5 mg")]
    return simulate(
        model, ONCE, until="20 day", every="5 day", patients=SIZE, seed=3, chunk=CHUNK, engine="batch",
        measures=measures, out=out, resume=resume, progress=progress,
    )  # fmt: skip


def error_of(call) -> str:
    """What is wrong with the input of a call; any other error is none of its kind."""
    try:
        call()
    except InputError as error:
        return str(error)
    return ""


def content(store: Path) -> dict[str, bytes]:
    paths = (path for path in store.rglob("*") if path.is_file())
    return {str(path.relative_to(store)): path.read_bytes() for path in paths if path.name not in TOLD}


@pytest.fixture(scope="module")
def clean(deficit, tmp_path_factory):
    """A finished store, and its content."""
    folder = tmp_path_factory.mktemp("clean")
    stream(deficit, folder / "all.zarr")
    return folder / "all.zarr", content(folder / "all.zarr")


@pytest.fixture(scope="module")
def cut_off(deficit, tmp_path_factory):
    """The folder of a stream of which two of three chunks are finished."""
    folder = tmp_path_factory.mktemp("cut_off")
    with pytest.raises(Killed):
        stream(deficit, folder / "all.zarr", stop=True)
    return folder / "all.zarr.part"


def gone(path: Path) -> None:
    path.unlink()


def empty(path: Path) -> None:
    path.write_bytes(b"")


def half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flipped(path: Path) -> None:
    raw = bytearray(path.read_bytes() or b"\0")
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)


def longer(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "mine.txt").write_text("mine")


def nested(path: Path) -> None:
    path.write_text("[" * 200_000)


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


DAMAGES = [gone, empty, half, flipped, longer, folder, nested, *([pipe] if hasattr(os, "mkfifo") else [])]


OF_STORE = (
    ".zgroup", ".zattrs", ".zmetadata", "Y/.zarray", "Y/.zattrs", "Y/0.0", "Y/1.0", "time/0", "patient/.zarray",
    "patient/1", "failure/.zarray",
)  # fmt: skip
"""A file of each kind."""
OF_PART = ("progress.json", *(f"store/{name}" for name in OF_STORE))


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_unfinished_store_ends_as_a_clean_run_or_is_told(deficit, clean, cut_off, tmp_path, damage):
    ended = set()
    for number, name in enumerate(OF_PART):
        out = tmp_path / f"{number}.zarr"
        part = tmp_path / f"{number}.zarr.part"
        shutil.copytree(cut_off, part)
        damage(part / name)
        is_chunk = Path(name).name not in (".zattrs", ".zarray", ".zgroup", ".zmetadata", "progress.json")
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            if refused := error_of(lambda out=out: stream(deficit, out, resume=True)):
                assert str(part) in refused
                assert "delete" in refused or "move it away" in refused
                ended.add("refused")
                continue
        assert content(out) == clean[1], name
        assert told or name == "progress.json", name
        if is_chunk:
            assert any("done again" in str(one.message) for one in told), name
            ended.add("again")
    assert ended == ({"refused"} if damage is folder else {"refused", "again"})


def test_nothing_that_a_user_put_beside_the_damage_is_deleted(deficit, cut_off, tmp_path):
    for name in ("store/Y/0.0", "store/Y/.zarray", "progress.json"):
        part = tmp_path / f"{Path(name).name}.zarr.part"
        shutil.copytree(cut_off, part)
        folder(part / name)
        for resume in (True, False):
            with pytest.raises(InputError):
                stream(deficit, part.with_suffix(""), resume=resume)
        assert (part / name / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_finished_store_is_replaced_whole_or_told(deficit, clean, tmp_path, damage):
    for number, name in enumerate(OF_STORE):
        out = tmp_path / f"{number}.zarr"
        shutil.copytree(clean[0], out)
        damage(out / name)
        before = sorted(out.rglob("*"))
        for call in (lambda out=out: read_result(out).load(), lambda out=out: stream(deficit, out, resume=True)):
            refused = error_of(call)
            assert str(out) in (refused or str(out))
        if refused:
            assert sorted(out.rglob("*")) == before
        else:
            assert content(out) == clean[1], name
        assert not out.with_name(f"{out.name}.part").exists()


@pytest.mark.parametrize("change", ["more", "fewer", "number", "shape", "swapped"])
def test_a_record_that_claims_what_is_not_so_is_not_believed(deficit, clean, cut_off, tmp_path, change):
    from kinetics.files.checksums import content_hash

    out, part = tmp_path / "all.zarr", tmp_path / "all.zarr.part"
    shutil.copytree(cut_off, part)
    file = part / "progress.json"
    record = json.loads(file.read_text())
    if change == "more":
        record["chunks"].append(record["chunks"][-1])
    elif change == "fewer":
        record["chunks"].pop()
    elif change == "number":
        record["chunks"][0] = 10**30
    elif change == "shape":
        row = json.loads((part / "store" / "Y" / ".zarray").read_text())
        (part / "store" / "Y" / ".zarray").write_text(json.dumps({**row, "shape": [30, 5]}))
    elif change == "swapped":
        record["chunks"].reverse()
    record.pop("checksum")
    file.write_text(json.dumps({**record, "checksum": content_hash(record)}))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        refused = error_of(lambda: stream(deficit, out, resume=True))
    assert bool(refused) == (change == "shape"), refused
    if not refused:
        assert content(out) == clean[1]
        assert told or change == "fewer"


def places(root: Path) -> list[Path]:
    """Where somebody may put a file: into the store, into the folder of a variable, as a chunk that it cannot have."""
    return [root / "mine.txt", root / "Y" / "mine.txt", root / "notes" / "1", root / "Y" / "17.0", root / "Y" / "0.0.0"]


@pytest.mark.parametrize("index", range(5))
@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_a_stream_deletes_nothing_that_it_did_not_write(deficit, clean, tmp_path, index, when):
    out = tmp_path / "all.zarr"
    shutil.copytree(clean[0], out)
    path = places(out)[index]

    def put(*_):
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine")

    if when == "before":
        put()
    with pytest.raises(InputError, match=f"holds {path.relative_to(out)}, which no stream has written; move it away"):
        simulate(
            deficit, ONCE, until="20 day", every="5 day", patients=2, out=out,
            progress=put if when == "meanwhile" else None,
        )  # fmt: skip
    assert path.read_text() == "mine"
    path.unlink()
    if path.parent.name == "notes":
        path.parent.rmdir()
    simulate(deficit, ONCE, until="20 day", every="5 day", patients=2, out=out, resume=True)
    assert read_result(out).sizes["patient"] == 2


def test_a_store_of_somebody_else_is_not_replaced(deficit, tmp_path):
    import xarray as xr

    for form in (2, 3):
        out = tmp_path / f"{form}.zarr"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            xr.Dataset({"a": ("x", np.arange(3.0))}).to_zarr(out, zarr_format=form)
        with pytest.raises(InputError, match="is there and is no Zarr store of this program"):
            stream(deficit, out)
        assert sorted(xr.open_zarr(out, chunks=None)["a"].values) == [0, 1, 2]


# --- stores that are checked, or read


def edited(path: Path) -> None:
    """Another unit, which can be read."""
    path.write_text(path.read_text().replace("mg", "kg"))


CHANGES = [(one, name) for one in (gone, flipped) for name in ("Y/0.0", "Y/2.0", "time/0", "patient/1")]
CHANGES += [(flipped, ".checksums"), (edited, ".zmetadata"), (edited, "Y/.zattrs"), (gone, "Y/.zarray")]


@pytest.mark.parametrize(("change", "name"), CHANGES)
def test_check_finds_every_change_of_a_finished_store(clean, tmp_path, change, name):
    out = tmp_path / "all.zarr"
    shutil.copytree(clean[0], out)
    assert run_check(out) == []
    change(out / name)
    assert any(name in line or name == ".checksums" for line in run_check(out))


def run_check(path: Path) -> list[str]:
    """The faults that the check of a result finds."""
    faults = Faults()
    with faults.gather():
        CHECKS["dataset"](path, faults)
    try:
        faults.raise_if_any()
    except InputError as error:
        return [str(fault) for fault in error.faults]
    return []


HOSTILE = {
    "terabytes": ("Y", {"shape": [10**9, 10**6]}),
    "huge chunks": ("Y", {"chunks": [10**9, 10**6]}),
    "pickle": ("failure", {"filters": [{"id": "pickle"}]}),
    "compressed": ("Y", {"compressor": {"id": "zlib", "level": 1}}),
    "no shape": ("Y", {"shape": None}),
    "negative": ("Y", {"shape": [-1, 5]}),
    "no type": ("Y", {"dtype": "(((" * 1000}),
    "objects": ("Y", {"dtype": "|O"}),
    "no chunks": ("Y", {"chunks": [0, 5]}),
    "dims": ("Y", {"shape": [25]}),
}


@pytest.mark.parametrize("kind", [*HOSTILE, "outside", "row", "link"])
def test_a_store_that_declares_what_it_does_not_hold_is_refused(clean, tmp_path, kind):
    out = tmp_path / "all.zarr"
    shutil.copytree(clean[0], out)
    file = out / ".zmetadata"
    meta = json.loads(file.read_text())
    if kind == "outside":
        meta["metadata"]["../../etc/.zarray"] = meta["metadata"]["Y/.zarray"]
    elif kind == "row":
        meta["metadata"]["Y/.zarray"] = []
    elif kind == "link":
        (out / "Y" / "0.0").unlink()
        (out / "Y" / "0.0").symlink_to("/dev/zero")
    else:
        name, change = HOSTILE[kind]
        meta["metadata"][f"{name}/.zarray"] |= change
    file.write_text(json.dumps(meta))
    with pytest.raises(InputError, match=r"all\.zarr"):
        read_result(out)
