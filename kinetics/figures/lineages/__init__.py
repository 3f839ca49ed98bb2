"""The parts of counts over time, one upon the other."""
