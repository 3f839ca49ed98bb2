"""A number over two settings of a regimen."""
