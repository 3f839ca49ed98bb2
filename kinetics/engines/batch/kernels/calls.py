"""Memory and functions by address, so that compiled code need not be compiled again for each model.

A work array is its address there: an array of numba is seven values, and functions that pass a hundred of them take
minutes to compile.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core.errors import TypingError
from numba.extending import intrinsic


@intrinsic
def _call(_: Any, address: Any, arguments: Any) -> Any:
    if not all(kind == types.int64 for kind in arguments):
        raise TypingError(f"a model's function takes addresses, found {arguments}")

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        code, addresses = values
        function = ir.FunctionType(ir.VoidType(), [ir.IntType(64)] * len(arguments))
        called = builder.inttoptr(code, function.as_pointer())
        builder.call(called, [builder.extract_value(addresses, index) for index in range(len(arguments))])
        return context.get_dummy_value()

    return types.none(types.int64, arguments), generate


def _numbers(kind: Any) -> Any:
    """An intrinsic for the numbers from an address on."""

    @intrinsic
    def numbers(_: Any, address: Any, offset: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            begin = builder.inttoptr(values[0], context.get_value_type(kind))
            return builder.gep(begin, [values[1]])

        return kind(types.int64, types.int64), generate

    return numbers


@intrinsic
def _address_of(_: Any, array: Any) -> Any:
    if not (isinstance(array, types.Array) and array.layout == "C" and array.dtype == types.float64):
        raise TypingError(f"floats side by side have an address, found {array}")

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        data = context.make_array(array)(context, builder, values[0]).data
        return builder.ptrtoint(data, ir.IntType(64))

    return types.int64(array), generate


call: Any = _call
"""``call(function, (address, ...))``: see `kinetics.compile.definitions` for the arrays of a function."""
floats: Any = _numbers(types.CPointer(types.float64))
"""``floats(address, offset)``: the numbers from an address on, beginning with the one of that offset."""
integers: Any = _numbers(types.CPointer(types.int64))
"""``integers(address, offset)``: likewise."""
address_of: Any = _address_of
"""``address_of(array)``: of the numbers of an array that somebody else holds."""
