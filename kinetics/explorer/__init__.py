"""A page in the browser to play with a model: its state, the computation behind it, and how it is served.

``state`` is what a page shows; ``checks`` holds it against a model; ``link``, ``regimens`` and ``commands`` write it as
text; ``curves`` and ``tables`` compute what is shown; ``page`` is the page itself and its server, which alone need the
extra ``explore``.
"""

from kinetics.explorer.exploring import Explorer, explore

__all__ = ["Explorer", "explore"]
