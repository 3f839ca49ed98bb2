"""How Sphinx builds the site of the documentation: ``make docs``."""

from __future__ import annotations

import sys
from pathlib import Path

DOCS = Path(__file__).parent
ROOT = DOCS.parent
sys.path[:0] = [str(DOCS), str(ROOT)]

import kinetics  # noqa: E402
from extensions.notebooks import cache_folder  # noqa: E402

project = "lymphokinetics"
author = copyright = "The lymphokinetics maintainers"
release = version = kinetics.__version__
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
    "sphinxcontrib.bibtex",
    "extensions.accessible",
    "extensions.library",
    "extensions.notebooks",
    "extensions.vendored",
]
exclude_patterns = ["extensions", "figures", "synthetic_clinic"]

# Markdown, as it reads on a page of the repository too
myst_enable_extensions = ["amsmath", "dollarmath"]
myst_fence_as_directive = ["math"]
myst_heading_anchors = 4
myst_links_external_new_tab = False

# blocks are executed in a folder of their own, as a reader would; a result is kept until the package changes
nb_execution_mode = "cache"
nb_execution_cache_path = str(cache_folder(ROOT))
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_execution_timeout = 300
nb_merge_streams = True

# the interface of Python, from docstrings
autosummary_generate = True
autodoc_typehints = "none"
autodoc_member_order = "bysource"
default_role = "py:obj"  # a name in single backquotes is a link where it has a page
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True

bibtex_bibfiles = ["../models/references.bib"]
bibtex_reference_style = "author_year"
bibtex_default_style = "plain"

html_theme = "pydata_sphinx_theme"
html_title = "lymphokinetics"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "navbar_persistent": ["search-button-field"],
    "navbar_align": "left",
    "header_links_before_dropdown": 7,
    "show_prev_next": True,
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
