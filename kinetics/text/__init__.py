"""Text on its way to a reader: made harmless, and names near a mistyped one."""
