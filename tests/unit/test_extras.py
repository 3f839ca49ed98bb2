"""What to run where an extra is missing: one place says it, in one form."""

import re
import tomllib
from pathlib import Path


def test_one_place_says_how_an_extra_is_installed_and_one_form_is_everywhere():
    root = Path(__file__).parents[2]
    extras = set(tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"])
    code = {path: path.read_text(encoding="utf-8") for path in (root / "kinetics").rglob("*.py")}
    assert [path.name for path, text in code.items() if "pip install" in text] == ["extras.py"]
    named = [extra for text in code.values() for extra in re.findall(r"\bneeds\([^)]*, [\"'](\w+)[\"']\)", text)]
    assert len(named) >= 8
    assert set(named) <= extras
    pages = [root / "README.md", *(root / "docs").rglob("*.md")]
    for path in pages:
        for before in re.findall(r"(.*?)'?lymphokinetics\[", path.read_text(encoding="utf-8")):
            assert before.endswith("python -m pip install "), path
