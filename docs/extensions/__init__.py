"""What the site needs beyond Sphinx and MyST-NB: pages from the library's files, and blocks that are executed."""
