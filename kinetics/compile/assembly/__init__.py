"""Functions over arrays of numbers as LLVM assembly."""

from kinetics.compile.assembly.function import Function
from kinetics.compile.assembly.text import assembly

__all__ = ["Function", "assembly"]
