"""Progress through simulations that follow one another, counted as one."""

from __future__ import annotations

from kinetics.files.arguments import Progress


class ProgressOfParts:
    """Reports to ``progress``, if there is one, as (runs done, ``total``) of all simulations together."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total, self._begun = progress, total, 0

    def next(self, runs: int) -> Progress | None:
        """What the next simulation, of so many runs, reports to."""
        before, self._begun = self._begun, self._begun + runs
        if (progress := self._progress) is None:
            return None
        return lambda done, _: progress(before + done, self._total)
