"""Predictions from a fit: counts and recovery after any courses, over patients and over what is not known of them.

`kinetics.prediction.predicting` has the verb. The room imports nothing itself, so that a report of recovery times needs
no fitting.
"""
