"""Random numbers of individuals: they depend on seed, purpose and the individual's id, and on nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import numpy as np

from kinetics.population.seeds import checked_seed


class RandomStreams:
    """A stream of random numbers for each individual.

    A stream is addressed by a block number. The numbers of a block do not depend on other blocks, on the order of the
    individuals, or on who else there is; a run that is resumed has the same numbers, and no state need be stored.

    Parameters
    ----------
    ids : sequence of str
        The individuals.
    seed : int
        A whole number from 0.
    purpose : str
        Streams of different purposes are independent.

    Examples
    --------
    >>> both, one = RandomStreams(["a", "b"], 1, "test"), RandomStreams(["b"], 1, "test")
    >>> bool((both.normal(3, (2,))[1] == one.normal(3, (2,))[0]).all())
    True
    """

    def __init__(self, ids: Sequence[str], seed: int, purpose: str) -> None:
        texts = (f"{checked_seed(seed)}:{purpose}:{name}" for name in ids)
        self._keys = [np.frombuffer(sha256(text.encode()).digest()[:16], dtype="<u8") for text in texts]

    def generators(self, block: int) -> list[np.random.Generator]:
        """The generators of a block, one for each individual."""
        counter = np.array([0, 0, 0, block], dtype=np.uint64)
        return [np.random.Generator(np.random.Philox(key=key, counter=counter)) for key in self._keys]

    def normal(self, block: int, shape: tuple[int, ...]) -> np.ndarray:
        """Standard normal numbers of a block, (individual, *shape)."""
        return np.array([one.standard_normal(shape) for one in self.generators(block)])
