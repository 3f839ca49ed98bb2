"""What became of each fit: kept, fitted or not, and how far from the committed result."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from kinetics.estimate import Estimates
from kinetics.estimate.agreement import EstimateAgreement

if TYPE_CHECKING:
    import pandas as pd

Status = Literal["current", "fitted", "resumed", "failed"]


@dataclass(frozen=True, eq=False)
class FitOutcome:
    """What became of one fit.

    Parameters
    ----------
    name : str
        Of the fit.
    path : pathlib.Path
        The file of its problem.
    status : {"current", "fitted", "resumed", "failed"}
        Whether the committed result was current, or the problem was fitted, or had been by an interrupted call, or
        could not be fitted.
    estimates : Estimates, optional
        Unless it could not be fitted.
    agreement : EstimateAgreement, optional
        With the result that was committed before; None of a current or failed one.
    seconds : float, optional
        How long it took, if it was fitted.
    reason : str
        Why it could not be fitted.
    """

    name: str
    path: Path
    status: Status
    estimates: Estimates | None = None
    agreement: EstimateAgreement | None = None
    seconds: float | None = None
    reason: str = ""

    @property
    def log_posterior(self) -> float | None:
        """At the estimates, without constants: minus the cost of the search."""
        return None if self.estimates is None else -float(self.estimates.facts["cost"])

    @property
    def is_equal(self) -> bool | None:
        """Whether the estimates are the committed ones, to the digits that are written; None without both."""
        if self.status == "current":
            return True
        return None if self.agreement is None or self.agreement.largest is None else self.agreement.is_equal

    def summary(self) -> dict[str, Any]:
        """As the JSON of the command has it."""
        compared = self.agreement
        return {
            "fit": self.name,
            "status": self.status,
            "seconds": self.seconds,
            "log_posterior": self.log_posterior,
            "largest_difference_in_standard_errors": None if compared is None else compared.standard_errors,
            "is_equal_to_committed": self.is_equal,
            "reason": self.reason,
        }


@dataclass(frozen=True, eq=False, repr=False)
class FitOutcomes:
    """Fits in order of dependence, and what became of each.

    Parameters
    ----------
    outcomes : tuple of FitOutcome
        In the order in which they were made.

    Examples
    --------
    >>> fit_all().table()  # doctest: +SKIP
    """

    outcomes: tuple[FitOutcome, ...]

    def __repr__(self) -> str:
        return f"<FitOutcomes: {', '.join(f'{one.name} {one.status}' for one in self.outcomes)}>"

    def _repr_html_(self) -> str:
        return self.table().to_html()

    @property
    def failed(self) -> tuple[FitOutcome, ...]:
        """Those that could not be fitted."""
        return tuple(one for one in self.outcomes if one.status == "failed")

    def summary(self) -> list[dict[str, Any]]:
        """Every fit as plain numbers, for JSON."""
        return [one.summary() for one in self.outcomes]

    def table(self) -> pd.DataFrame:
        """One row a fit: status, seconds, log posterior, and how far the estimates are from the committed ones."""
        import pandas as pd

        return pd.DataFrame(self.summary()).set_index("fit")
