"""Modules that need an extra are collected, for their doctests, where it is installed."""

import importlib.util

collect_ignore = [] if importlib.util.find_spec("panel") else ["kinetics/explorer/page"]
