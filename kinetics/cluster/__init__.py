"""Jobs of numbered pieces, done in this process or by the workers of a Dask cluster, through one function.

The result of a piece depends on the job and on the number of the piece alone. Any worker may therefore do it, and do it
again. A worker receives texts, numbers, and functions and classes of this package by their names. Dask itself pickles
what it sends: whoever reaches the scheduler of a cluster can run any code on it.
"""

from kinetics.cluster.jobs import Job, results

__all__ = ["Job", "results"]
