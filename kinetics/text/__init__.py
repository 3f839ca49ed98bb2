"""Text for a reader: control characters escaped, numbers and tables written, similar names suggested."""
