"""What the data say of each individual under given population values: modes, samples, random numbers."""
