"""docs/api.md against the docstrings of the public names."""

import importlib.util
from pathlib import Path

import kinetics

DOCS = Path(__file__).parents[2] / "docs"


def generator():
    spec = importlib.util.spec_from_file_location("api", DOCS / "api.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_docstrings_say():
    assert (DOCS / "api.md").read_text(encoding="utf-8") == generator().page(), "run python docs/api.py"


def test_every_public_name_has_a_heading():
    text = (DOCS / "api.md").read_text(encoding="utf-8")
    assert [name for name in kinetics.__all__ if not name.startswith("__") and f"\n### {name}\n" not in text] == []
