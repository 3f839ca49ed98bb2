"""What each study of a fit says of a parameter, and all of them together."""
