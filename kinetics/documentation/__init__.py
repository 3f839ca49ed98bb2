"""The verb `docs`: the pages of the documentation that ship."""

from kinetics.documentation.opening import docs

__all__ = ["docs"]
