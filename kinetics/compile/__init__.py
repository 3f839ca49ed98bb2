"""Models to compiled functions: sympy to a graph, to LLVM assembly, to machine code in files."""

from kinetics.compile.instructions import LANES
from kinetics.compile.system import System, compile_model, model_assembly

__all__ = ["LANES", "System", "compile_model", "model_assembly"]
