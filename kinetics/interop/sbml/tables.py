"""The tables of a model file, as TOML would be read, and the line of the SBML file that each key comes from."""

from __future__ import annotations

from typing import Any

from kinetics.interop.sbml.terms import Term

_KINDS = ("parameters", "derived", "states", "outputs", "events")


class Tables:
    """Rows by kind and name.

    Attributes
    ----------
    lines : dict of tuple of str to int
        By the keys of a table, row or value.
    needed : dict of tuple of str to str
        The names of derived quantities that were added for the mathematics of others, by what they are.
    """

    def __init__(self) -> None:
        self.lines: dict[tuple[str, ...], int] = {}
        self.needed: dict[tuple[str, str], str] = {}
        self._rows: dict[str, dict[str, Any]] = {kind: {} for kind in _KINDS}

    @property
    def data(self) -> dict[str, Any]:
        """The tables that have rows."""
        return {kind: rows for kind, rows in self._rows.items() if rows}

    def parameter(self, name: str, value: float, unit: str, about: str, line: int) -> None:
        """Add a parameter."""
        self._add("parameters", name, {"value": float(value), "unit": unit, "source": "choice"}, about, line)

    def derived(self, name: str, value: Term, unit: str, about: str, line: int) -> None:
        """Add a derived quantity."""
        self._add("derived", name, {"value": value.text, "unit": unit}, about, line)

    def output(self, name: str, value: Term, unit: str, about: str, line: int) -> None:
        """Add an output."""
        self._add("outputs", name, {"value": value.text, "unit": unit}, about, line)

    def state(self, name: str, initial: Term, rate: Term, unit: str, about: str, lines: tuple[int, int]) -> None:
        """Add a state; its rate may have a line of its own, the second."""
        self._add("states", name, {"unit": unit, "initial": initial.text, "rate": rate.text}, about, lines[0])
        self.lines["states", name, "rate"] = lines[1]

    def event(
        self, name: str, fields: dict[str, Any], about: str, line: int, lines: dict[tuple[str, ...], int]
    ) -> None:
        """Add an event; ``lines`` are those of keys below it."""
        self._add("events", name, fields, about, line)
        self.lines |= {("events", name, *keys): below for keys, below in lines.items()}

    def _add(self, kind: str, name: str, fields: dict[str, Any], about: str, line: int) -> None:
        self._rows[kind][name] = fields | ({"about": about} if about else {})
        self.lines[kind, name] = line
        self.lines.setdefault((kind,), line)
