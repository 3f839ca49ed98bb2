"""The page: a form of the browser's own controls, figures, the numbers as tables, and its server."""
