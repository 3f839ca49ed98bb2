"""What a fit maximises: published numbers under the typical patient or under a population."""
