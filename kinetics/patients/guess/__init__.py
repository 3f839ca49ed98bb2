"""What the columns, analytes and times of a table are likely to be."""
