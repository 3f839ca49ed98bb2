"""The methods that a result was computed by, as its provenance says."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from kinetics.files.bibliography import Source, read_bibliography

PATH = Path(__file__).with_name("methods.bib")
BATCH = "batch Rodas5P"
"""The engine of fits and of facts, as results name it."""
NPDE = ("brendel_2006",)
_SOLVERS = {
    "Rodas5P": ("steinebach_2023",),
    "LSODA": ("petzold_1983", "virtanen_2020"),
    "BDF": ("shampine_1997", "virtanen_2020"),
    "Radau": ("hairer_1996", "virtanen_2020"),
}
"""By the last word of the engine."""
_EXPANSIONS = ("wang_2007", "almquist_2015")
_ESTIMATION = {
    "SAEM": ("kuhn_2005", "lavielle_2007", "karimi_2020"),
    **dict.fromkeys(("FO", "FOCE", "FOCEI", "Laplace"), _EXPANSIONS),
}
_STANDARD_ERRORS = {"linearised": ("retout_2002",), "stochastic_approximation": ("louis_1982",)}
LEAST_SQUARES = ("branch_1999", "virtanen_2020")
PETAB = ("lourenco_2003", "kanzow_2004", "byrd_1995", "virtanen_2020", "schmiester_2021")
"""Searches of a problem of PEtab, and the format itself."""
EVENTS = ("galan_1999",)
"""Derivatives across events."""
QUASI = "quasi"
"""The sampling by points of a Sobol sequence, as results name it."""
SOBOL = ("sobol_1967", "matousek_1998", "virtanen_2020")
_GROUPS = {
    "profiles": ("venzon_1988", "raue_2009"),
    "posterior": ("foreman_mackey_2013", "ter_braak_2006"),
    "individual_fits": _SOLVERS[BATCH.split()[1]],
}
"""By the group of a result that only the method writes."""


def method_sources(keys: Collection[str]) -> list[Source]:
    """The entries of some methods, in the order of the bibliography."""
    return [source for key, source in read_bibliography(PATH).items() if key in keys]


def methods_of(facts: Mapping[str, Any], groups: Collection[str] = ()) -> Iterator[str]:
    """The keys of the methods behind a result of some provenance, with groups of some names."""
    yield from _SOLVERS.get(str(facts.get("engine")).rpartition(" ")[2], ())
    if facts.get("sampling") == QUASI:
        yield from SOBOL
    yield from _ESTIMATION.get(str(facts.get("method")), ())
    if "method" in facts:
        yield from _STANDARD_ERRORS.get(str(facts.get("standard_errors")), ())
    for group in groups:
        yield from _GROUPS.get(group, ())
