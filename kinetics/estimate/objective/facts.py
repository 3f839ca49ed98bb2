"""Published facts under simulated patients: least squares with derivatives by finite differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import numpy as np

from kinetics.errors import IntegrationError
from kinetics.estimate.objective.base import LikelihoodObjective, Linearised
from kinetics.estimate.problem.fact_target import FactTarget, PredictedFact
from kinetics.estimate.problem.problem import FitProblem
from kinetics.published import Arm, Target, Verdict, evaluate_evidence
from kinetics.published.likelihoods import PredictedSummary


class FactsObjective(LikelihoodObjective):
    r"""The log posterior of published facts, each of which has a normal error on the scale of its kind.

    The model's numbers are those of virtual patients, points of a Sobol sequence with the same deviates at all
    parameters. Standard errors that depend on the model, of a number of n patients, are those at the start of the first
    search. Derivatives are differences of simulations: central ones by free parameters, forward ones by parameters that
    are held, which only say how the estimates follow those. Methods raise IntegrationError if too many patients cannot
    be simulated, or a fact has no number.
    """

    close = 5e-3  # a tenth of a standard error: what counts patients is no smoother

    def __init__(self, problem: FitProblem) -> None:
        super().__init__(problem)
        assert problem.facts is not None
        self._patients, self._move = problem.facts.patients, problem.facts.step
        self._fitted = _facts(problem.fitted)
        self._latest: tuple[bytes, np.ndarray] | None = None

    def log_posterior(self, log_parameters: np.ndarray) -> float:
        """The log posterior, without gradient."""
        return self._log_likelihood(self._errors_at(log_parameters)) + self.log_prior(log_parameters)

    def linearise(self, log_parameters: np.ndarray, names: Sequence[str]) -> Linearised:
        """Likelihood, errors and their derivatives by named estimates, computed anew."""
        errors = self._errors_at(log_parameters)
        columns = [self._derivative(log_parameters, name, errors) for name in names]
        jacobian = np.stack(columns, axis=1) if columns else np.zeros((errors.size, 0))
        return Linearised(
            self._log_likelihood(errors), -jacobian.T @ errors, [errors], [np.eye(errors.size)], [jacobian]
        )

    def predicted(self, log_parameters: np.ndarray, targets: Sequence[Target]) -> tuple[PredictedSummary, ...]:
        """What the virtual patients say of each fact."""
        facts = _facts(targets)
        verdicts = self._verdicts(facts, log_parameters, {})
        return tuple(PredictedFact.of(*pair) for pair in zip(facts, verdicts, strict=True))

    @cached_property
    def _sd(self) -> np.ndarray:
        """Standard deviations of the errors, (fact,)."""
        verdicts = self._verdicts(self._fitted, self.start, {})
        return np.array([target.sd(verdict) for target, verdict in zip(self._fitted, verdicts, strict=True)])

    def _log_likelihood(self, errors: np.ndarray) -> float:
        # a direction has no density, as it holds by any distance
        densities = [np.isfinite(target.lower + target.upper) for target in self._fitted]
        constant = np.log(self._sd[densities] * np.sqrt(2 * np.pi)).sum()
        return -0.5 * float(errors @ errors) - float(constant)

    def _derivative(self, log_parameters: np.ndarray, name: str, errors: np.ndarray) -> np.ndarray:
        """Of the errors by the logarithm of an estimate, (fact,)."""
        if name not in self.names:
            return (self._errors(log_parameters, {name: np.exp(self._move)}) - errors) / self._move
        index = self.names.index(name)
        ends = log_parameters[index] + np.array([-self._move, self._move])
        ends = np.clip(ends, self.lower[index], self.upper[index])
        before, after = (self._errors(np.where(np.arange(len(self.names)) == index, e, log_parameters)) for e in ends)
        return (after - before) / np.ptp(ends)

    def _errors_at(self, log_parameters: np.ndarray) -> np.ndarray:
        """The errors at a point, whose Jacobian may be asked for next."""
        key = log_parameters.tobytes()
        if self._latest is None or self._latest[0] != key:
            self._latest = key, self._errors(log_parameters)
        return self._latest[1]

    def _errors(self, log_parameters: np.ndarray, scaled: Mapping[str, float] | None = None) -> np.ndarray:
        """How far the model is from each fact, in standard errors, (fact,); ``scaled`` are factors of held values."""
        verdicts = self._verdicts(self._fitted, log_parameters, scaled or {})
        errors = np.array([target.error(verdict) for target, verdict in zip(self._fitted, verdicts, strict=True)])
        if not np.isfinite(errors).all():
            lost = ", ".join(each.row.name for each, error in zip(self._fitted, errors, strict=True) if error != error)
            raise IntegrationError(f"the model has no number for {lost}")
        return errors / self._sd

    def _verdicts(
        self, targets: Sequence[FactTarget], log_parameters: np.ndarray, scaled: Mapping[str, float]
    ) -> tuple[Verdict, ...]:
        estimates = self._estimates(log_parameters)

        def moved(arm: Arm) -> Arm:
            cohort = arm.cohort.with_estimates(estimates)
            factors = {name: cohort.estimable[name] * factor for name, factor in scaled.items()}
            return replace(arm, cohort=cohort.with_estimates(factors), reduce=self.problem.reduce)

        facts = [target.fact.under(moved) for target in targets]
        return evaluate_evidence(facts, self._patients, self.problem.seed).verdicts


def _facts(targets: Sequence[Target]) -> list[FactTarget]:
    return [target for target in targets if isinstance(target, FactTarget)]
