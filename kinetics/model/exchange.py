"""A model's ways out to other programs, as methods: each is the verb `export`."""

from __future__ import annotations

from typing import Any


class Exchange:
    """What other programs read: ``model.to_sbml()`` and its like.

    Options are those of `kinetics.export`: ``cohort``, ``regimen`` and ``out``.
    """

    def to_sbml(self, **options: Any) -> str:
        """The model as SBML Level 3 Version 2, doses and rules as events."""
        return self._export("sbml", options)

    def to_antimony(self, **options: Any) -> str:
        """The model as Antimony text, doses and rules as events."""
        return self._export("antimony", options)

    def to_python(self, **options: Any) -> str:
        """The model as a Python module that needs NumPy alone."""
        return self._export("python", options)

    def to_latex(self, **options: Any) -> str:
        """The equations as LaTeX."""
        return self._export("latex", options)

    def _export(self, format: str, options: dict[str, Any]) -> str:
        import kinetics  # a chained verb is that of the flat namespace, which stands above the rooms

        return kinetics.export(self, format, **options)  # type: ignore[arg-type]
