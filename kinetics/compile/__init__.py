"""Models to compiled functions: sympy to source files to numba."""

from kinetics.compile.system import System, compile_model

__all__ = ["System", "compile_model"]
