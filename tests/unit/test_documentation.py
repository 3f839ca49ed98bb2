"""The pages that ship: found by their name, and what a wrong name or a missing build says."""

import webbrowser

import pytest

from kinetics import InputError, UnknownNameError, docs
from kinetics.documentation import opening


@pytest.fixture
def site(tmp_path, monkeypatch):
    for name in ("index", "theory", "search", "commands", "tutorials/simulate", "api/kinetics.simulate", "models/cd4"):
        path = tmp_path / f"{name}.html"
        path.parent.mkdir(exist_ok=True)
        path.write_text("<!doctype html>")
    (tmp_path / "tutorials" / "index.html").write_text("<!doctype html>")
    monkeypatch.setattr(opening, "_PLACES", (tmp_path / "not here", tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("page", "file"),
    [
        ("index", "index.html"),
        ("theory", "theory.html"),
        ("theory.md", "theory.html"),
        ("cd4", "models/cd4.html"),
        ("tutorials/simulate", "tutorials/simulate.html"),
        ("tutorials/index.html", "tutorials/index.html"),
    ],
)
def test_a_page_is_found_by_its_path_or_its_last_part(site, page, file):
    assert docs(page, browser=False) == site / file


def test_a_page_is_opened_from_its_file(site, monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    docs("theory")
    assert opened == [(site / "theory.html").as_uri()]


@pytest.mark.parametrize("page", ["theori", "../theory", "search", "/etc/passwd", ""])
def test_what_is_no_page_is_refused_with_the_nearest(site, page):
    with pytest.raises(UnknownNameError, match=f"no page '{page}'" + ("; did you mean 'theory'" * (page == "theori"))):
        docs(page, browser=False)


def test_a_name_of_several_pages_lists_them(site):
    (site / "models" / "theory.html").write_text("<!doctype html>")
    (site / "models" / "simulate.html").write_text("<!doctype html>")
    assert docs("theory", browser=False) == site / "theory.html"
    with pytest.raises(InputError, match="write one of models/simulate, tutorials/simulate"):
        docs("simulate", browser=False)


def test_documentation_that_was_not_built_says_how(tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "_PLACES", (tmp_path,))
    with pytest.raises(InputError, match="make docs"):
        docs(browser=False)
