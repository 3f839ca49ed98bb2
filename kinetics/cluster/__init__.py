"""Jobs of numbered pieces, done in this process or by the workers of a Dask cluster, through one function.

A piece of a job depends on its number and the job alone, so that a piece may be done anywhere, and again. A worker is
sent texts and numbers, and functions of this package by their names. Dask itself pickles what it sends: whoever reaches
the scheduler of a cluster can run any code on it, and a cluster that cannot be trusted must not be used.
"""

from kinetics.cluster.jobs import Job, finished

__all__ = ["Job", "finished"]
