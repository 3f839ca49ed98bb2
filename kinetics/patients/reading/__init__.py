"""Entries to the checked data of patients: time zero, outputs and units, what cannot be, records in order."""
