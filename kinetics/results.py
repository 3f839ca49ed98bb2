"""Results: datasets with units and provenance, written to NetCDF whole or not at all, read from NetCDF or Zarr."""

# some methods of xarray have no complete types
# pyright: reportUnknownMemberType=false
from __future__ import annotations

import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import xarray as xr

from kinetics import __version__
from kinetics.errors import Fault, Faults, InputError, warn
from kinetics.files.checksums import CHECKSUM, ChecksumWarning, check_seal, sealed, tree_checksum
from kinetics.files.declared import check_netcdf, check_store, check_zarr
from kinetics.files.foreign import check_not_foreign
from kinetics.files.reading import check_regular
from kinetics.files.writing import write_atomically
from kinetics.result_tables import TABLES, table_files
from kinetics.units import Unit, parse_unit, unit_text

MEDIAN_AND_95, MEDIAN_AND_90 = (0.025, 0.5, 0.975), (0.05, 0.5, 0.95)
"""Quantiles at the median and the ends of a 95 % interval, and of 90 % of patients."""
RESULTS = (".nc", *TABLES)  # suffixes of files of results
LIMIT_LEVEL = "lower_limit_level"
"""The attribute of an output that has its lower limit of normal as a level; ``lower_limit`` is the parameter."""


class Drawable:
    """A result that `kinetics.draw` draws."""

    def plot(self, out: Any = None, **options: Any) -> Any:
        """Draw it, as `kinetics.draw` does; write the picture if ``out`` says where to.

        Parameters
        ----------
        out, **options : optional
            Those of `kinetics.draw`: files such as ``NAME.svg``, ``ax``, ``width``, ``language`` and so on.

        Returns
        -------
        kinetics.Drawn
            ``figure, axes = result.plot()``.
        """
        import kinetics  # a chained verb is that of the flat namespace, which stands above the rooms

        return kinetics.draw(self, out, **options)

    def drawn_from(self) -> Any:
        """What `kinetics.draw` takes in its place: a dataset or a tree of them, or the object itself."""
        return self


@xr.register_dataset_accessor("kinetics")
@xr.register_datatree_accessor("kinetics")
class ResultAccessor(Drawable):
    """What a dataset or a tree of a result can do: ``result.kinetics.plot()`` draws a simulation or a prediction."""

    def __init__(self, result: xr.Dataset | xr.DataTree) -> None:
        self._result = result

    def drawn_from(self) -> xr.Dataset | xr.DataTree:
        """The result itself, of which this is the accessor; shapes and units are its own."""
        return self._result


def provenance(**facts: Any) -> dict[str, Any]:
    """Attributes that say how a result came about; facts that are None are left out.

    Examples
    --------
    >>> sorted(provenance(model="pk", seed=None))
    ['Conventions', 'created', 'model', 'package', 'package_version']
    """
    return {
        "Conventions": "CF-1.11",
        "package": "lymphokinetics",
        "package_version": __version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        **{name: fact for name, fact in facts.items() if fact is not None},
    }


def marked(label: str, exploratory: object) -> str:
    """The name or label of an output, with the mark of what is exploratory.

    Examples
    --------
    >>> marked("A", True), marked("B", False)
    ('A (exploratory)', 'B')
    """
    return f"{label} (exploratory)" if exploratory else label


def variable(
    dims: tuple[str, ...], values: Any, unit: Unit, long_name: str, *, exploratory: bool = False, **attrs: Any
) -> xr.Variable:
    """An xarray variable with its unit as CF-like text.

    Of an exploratory output it has the attribute ``exploratory``, which is 1. ``attrs`` are further attributes.
    """
    described = {"units": unit_text(unit), "long_name": long_name} | ({"exploratory": 1} if exploratory else {})
    return xr.Variable(dims, values, {**described, **attrs})


def write_result(result: xr.Dataset | xr.DataTree, path: str | Path) -> list[Path]:
    """Write a dataset or a tree of them to NetCDF, atomically, with a checksum of its content; or as tables.

    The file is made in memory: HDF5 does not survive a disk that is full. NetCDF alone is read again.

    Parameters
    ----------
    result : xarray.Dataset or xarray.DataTree
        Variables on dims of any kind, such as (patient, time), each with its ``units``.
    path : str or pathlib.Path
        NAME.nc, NAME.csv or NAME.xlsx; variables that are not over time have CSV files of their own, NAME.DIMS.csv.

    Returns
    -------
    list of pathlib.Path
        What was written; files of these names are replaced.

    Raises
    ------
    InputError
        If the path cannot be written, ends in another suffix, or an extra is missing.
    StorageError
        If there is no room for it.

    Examples
    --------
    >>> import tempfile
    >>> import xarray as xr
    >>> result = xr.Dataset({"A": ("time", [1.0, 0.2], {"units": "1/nL"})})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = write_result(result, f"{folder}/result.nc")
    ...     read_result(f"{folder}/result.nc")["A"].values
    array([1. , 0.2])
    """
    if (path := Path(path)).suffix.lower() in TABLES:
        files = list(table_files(result, path))
    elif path.suffix.lower() == ".nc":
        files = [(path, sealed(_with_checksum(result).to_netcdf(None, engine="h5netcdf")))]
    else:
        raise InputError(Fault(f"end the name in {' or '.join(RESULTS)}", str(path)))
    for file, content in files:
        write_atomically(file, content)
    return [file for file, _ in files]


def read_result(path: str | Path) -> xr.DataTree:
    """Read a result of this package: a NetCDF file whole, into memory; a Zarr store as far as its values are used.

    Parameters
    ----------
    path : str or pathlib.Path
        NAME.nc or NAME.zarr.

    Returns
    -------
    xarray.DataTree
        Variables on dims such as (patient, time), each with its ``units``. A plain dataset is the root's.

    Raises
    ------
    InputError
        If it is no NetCDF file and no Zarr store, is damaged, leads elsewhere, or declares more than fits into memory;
        if a store is read and the extra ``store`` is missing.

    Warns
    -----
    ChecksumWarning
        If a NetCDF file does not hold what was written.

    Examples
    --------
    >>> import tempfile
    >>> import xarray as xr
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = write_result(xr.Dataset({"A": ((), 2.0, {"units": "1/nL"})}), f"{folder}/result.nc")
    ...     tree = read_result(f"{folder}/result.nc")
    >>> tree["A"].item(), tree["A"].attrs["units"]
    (2.0, '1/nL')
    """
    check_not_foreign(path := Path(path), "a result, NAME.nc,")
    if path.suffix.lower() == ".zarr":
        return _read_store(path)
    if not check_regular(path):  # so do pipes of the kernel say of themselves, whose reading may not end
        raise InputError(Fault("not a NetCDF result: it is empty", str(path)))
    try:
        check_seal(path)
        check_netcdf(path)
        with warnings.catch_warnings():  # such as of dimensions without a name, which no result has
            warnings.simplefilter("error")
            with xr.open_datatree(path, engine="h5netcdf", decode_timedelta=False) as tree:
                loaded = _with_units(tree.load(), path)
    except InputError:
        raise
    except Exception as error:  # of a damaged file, HDF5 and its readers raise anything
        raise InputError(Fault(f"not a NetCDF result: {type(error).__name__}: {error}", str(path))) from error
    return _verified(loaded, path)


def _with_units(tree: xr.DataTree, path: Path) -> xr.DataTree:
    """The same tree; refused if a unit in it is none."""
    faults = Faults()
    for group in tree.subtree:
        for name, array in group.variables.items():
            if "units" in array.attrs:
                with faults.gather(str(path), f"{group.path}:{name}"):
                    parse_unit(array.attrs["units"])
    faults.raise_if_any()
    return tree


def _with_checksum(result: xr.Dataset | xr.DataTree) -> xr.Dataset | xr.DataTree:
    """A shallow copy whose root says what the content is."""
    copied = result.copy()
    copied.attrs = {**result.attrs, CHECKSUM: tree_checksum(result)}
    return copied


def _verified(tree: xr.DataTree, path: Path) -> xr.DataTree:
    """The tree that was read; a warning if it is not what was written. What others wrote has no checksum."""
    written = tree.attrs.pop(CHECKSUM, None)
    if written is not None and written != tree_checksum(tree):
        warn(f"{path}: damaged, or edited since it was written: not what its checksum is of", ChecksumWarning)
    return tree


def _read_store(path: Path) -> xr.DataTree:
    check_zarr(path)
    from zarr.storage import LocalStore

    if not path.is_dir():
        unfinished = path.with_name(f"{path.name}.part")
        hint = f"; {unfinished.name} is unfinished, go on with --resume" if unfinished.is_dir() else ""
        raise InputError(Fault(f"no such Zarr store{hint}", str(path)))
    check_store(path)
    # a LocalStore: as text, a path with '::' in it would be taken for an address
    options: dict[str, Any] = {"consolidated": (path / ".zmetadata").is_file(), "chunks": None}
    try:
        tree = xr.open_datatree(LocalStore(path), engine="zarr", decode_timedelta=False, **options)  # pyright: ignore
        return _with_units(tree, path)
    except InputError:
        raise
    except Exception as error:  # metadata that are not what they should be raise anything
        raise InputError(Fault(f"not a Zarr result: {type(error).__name__}: {error}", str(path))) from error
