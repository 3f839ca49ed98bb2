"""Doses, covariates and output times that each patient has of its own: records of doses, as engines integrate them."""

from kinetics.engines.dosing.episode_plans import EpisodePlans
from kinetics.engines.dosing.integrating import HistoryOutputs, integrate_histories
from kinetics.engines.dosing.joined_trajectory import JoinedTrajectory

__all__ = ["EpisodePlans", "HistoryOutputs", "JoinedTrajectory", "integrate_histories"]
