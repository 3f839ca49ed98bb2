"""`check`: every fault of files."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from kinetics.errors import Fault, Faults, InputError, fault_lines
from kinetics.files.arguments import Progress
from kinetics.files.kinds import KINDS, files_of, kind_of
from kinetics.files.library import library_folder
from kinetics.text.numbers import count_text
from kinetics.text.tables import html_table


@dataclass(frozen=True)
class Findings:
    """What a check found in each file.

    Parameters
    ----------
    by_file : dict of str to tuple of Fault
        The faults of each file, or of a name that leads to none; empty for a file that is sound.
    notes : dict of str to tuple of str
        What a reader must know, by file: what tables of patients hold, and what was assumed of them; rows of a fit
        that are after a later course; that another program or version wrote a dataset.

    Examples
    --------
    >>> from kinetics.errors import Fault
    >>> findings = Findings({"good.toml": (), "bad.toml": (Fault("unknown name 'V3'", "bad.toml:7"),)})
    >>> findings
    <Findings: 1 fault in 1 of 2 files>
    >>> print(findings)
    bad.toml:7: unknown name 'V3'
    >>> findings.sound, len(findings.faults)
    (False, 1)
    """

    by_file: dict[str, tuple[Fault, ...]]
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict[str, "tuple[str, ...]"])

    @property
    def faults(self) -> tuple[Fault, ...]:
        """All faults in the order of the files; one that several files show stands once."""
        return tuple(dict.fromkeys(fault for faults in self.by_file.values() for fault in faults))

    @property
    def sound(self) -> bool:
        """Whether no file has a fault."""
        return not self.faults

    def raise_if_any(self) -> None:
        """Raise one `InputError` with all faults, if there are any."""
        if self.faults:
            raise InputError(*self.faults)

    def __str__(self) -> str:
        lines = [*fault_lines(self.faults)] or [f"{count_text(len(self.by_file), 'file')}, no fault"]
        return "\n".join([*(f"{file}: {note}" for file, notes in self.notes.items() for note in notes), *lines])

    def __repr__(self) -> str:
        faulty = sum(map(bool, self.by_file.values()))
        faults = f"{count_text(len(self.faults), 'fault')} in {faulty} of" if faulty else "no fault in"
        return f"<Findings: {faults} {count_text(len(self.by_file), 'file')}>"

    def _repr_html_(self) -> str:
        rows = [[fault.where, fault.name, fault.message] for fault in self.faults]
        return html_table(repr(self).strip("<>"), ["where", "name", "fault"], rows)


def check(*files: str | Path, progress: Progress | None = None, allow_large: bool = False) -> Findings:
    """Find every fault of models, regimens, fits, published tables, tables of patients, figures and results.

    Parameters
    ----------
    *files : str or pathlib.Path
        Paths, or names of the library, of which every kind is checked; without any, everything that ships.
    progress : callable, optional
        Called with (done, all) as files are done.
    allow_large : bool
        Whether a table of patients may have more than 50 MB.

    Returns
    -------
    Findings
        Nothing is raised for a fault of a file.

    Warns
    -----
    UserWarning
        If a committed result is older than its problem, or a result was edited since it was written.

    Examples
    --------
    >>> print(check("no/such.toml"))
    no/such.toml: cannot be read: No such file or directory
    """
    by_file: dict[str, tuple[Fault, ...]] = {}
    notes: dict[str, tuple[str, ...]] = {}
    chosen: list[tuple[str, Path]] = [] if files else _shipped()
    for name in files:
        faults = Faults()
        with faults.gather(str(name)):
            chosen += files_of(name)
        if len(faults):
            by_file[str(name)] = tuple(faults)
    for number, (kind, path) in enumerate(chosen, 1):
        by_file[str(path)], notes[str(path)] = _findings_in(path, kind, allow_large)
        if progress is not None:
            progress(number, len(chosen))
    return Findings(by_file, {file: said for file, said in notes.items() if said})


def _findings_in(path: Path, kind: str, allow_large: bool) -> tuple[tuple[Fault, ...], tuple[str, ...]]:
    from kinetics.checking.files import check_file

    faults = Faults()
    notes = check_file(path, kind, faults, allow_large=allow_large)
    return tuple(faults), notes


def _shipped() -> list[tuple[str, Path]]:
    paths = [path for part in KINDS.values() for path in sorted(library_folder(part).glob("*"))]
    return [(kind_of(path), path) for path in paths if path.suffix in (".toml", ".csv", ".bib")]
