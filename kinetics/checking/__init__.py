"""The check of files of every kind."""
