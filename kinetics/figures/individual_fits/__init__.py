"""Individual fits: the counts of each patient with its own curve and that of the typical patient, on pages."""
