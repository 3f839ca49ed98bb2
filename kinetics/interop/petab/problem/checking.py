"""The checks of the program of PEtab itself, run on a problem that has passed those made here."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings

from kinetics.errors import Fault, InputError
from kinetics.interop.petab.problem.documents import INSTALL
from kinetics.interop.petab.problem.problem import PetabProblem


def check_with_petab(problem: PetabProblem) -> None:
    """Refuse what the linter of PEtab refuses.

    It follows the checks made here: it evaluates formulas with another parser, which some formulas keep busy for ever.

    Raises
    ------
    InputError
        With what the linter says, or if the package ``petab`` is not installed.
    """
    try:
        from petab import v1, v2
    except ImportError as error:
        raise InputError(Fault(INSTALL, str(problem.path))) from error
    records, logger = _Records(), logging.getLogger("petab")
    propagates, logger.propagate = logger.propagate, False
    logger.addHandler(records)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            if problem.version == 1:
                failed = v1.lint_problem(v1.Problem.from_yaml(str(problem.path)))
            else:
                found = v2.Problem.from_yaml(str(problem.path)).validate()
                failed = found.has_errors()
                records.messages += [
                    str(one.message) for one in found if one.level >= v2.lint.ValidationIssueSeverity.ERROR
                ]
    except Exception as error:  # the linter raises anything
        raise InputError(Fault(f"the linter of PEtab: {error}", str(problem.path))) from error
    finally:
        logger.removeHandler(records)
        logger.propagate = propagates
    if failed:
        messages = dict.fromkeys(records.messages) or {"refuses the problem": None}
        raise InputError(*(Fault(f"the linter of PEtab: {message}", str(problem.path)) for message in messages))


class _Records(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())
