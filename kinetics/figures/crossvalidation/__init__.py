"""Published numbers beside what a fit without them predicts."""
