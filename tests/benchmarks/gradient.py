"""Ten sensitivities of one patient: a process of its own, which `start` times from its first line to its end."""

from __future__ import annotations

from kinetics.engines.batch import integrate_with_sensitivities
from workload import COHORTS, load_workload

__all__ = ["varying_parameters"]

NUMBER = 10


def varying_parameters() -> list[str]:
    """The first parameters that vary between patients of the cohort that is timed."""
    work = load_workload()
    spreads = work.cohort(COHORTS[0]).spreads
    return [name for name in work.system.parameters if spreads.get(name)][:NUMBER]


if __name__ == "__main__":
    work = load_workload()
    values = work.system.parameter_array(work.cohort(COHORTS[0]).values)
    integrate_with_sensitivities(work.reduced, values, varying_parameters(), work.segments).outputs(work.months)
