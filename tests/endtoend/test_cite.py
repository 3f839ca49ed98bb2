"""`kinetics cite`: BibTeX on the terminal or in a file; what it cannot cite is said before anything is written."""

from pybtex.database import parse_string

import kinetics


def test_the_file_has_what_the_verb_gives(run, tmp_path):
    out = tmp_path / "references.bib"
    done = run("cite", "hill_cawthorne_2012", "--out", str(out))
    assert done.status == 0, done.err
    assert out.read_text(encoding="utf-8") == kinetics.cite("hill_cawthorne_2012")
    printed = run("cite", "hill_cawthorne_2012")
    assert printed.out == out.read_text(encoding="utf-8")
    assert {"lymphokinetics", "hill_cawthorne_2012"} <= {*parse_string(printed.out, "bibtex").entries}


def test_what_cannot_be_cited_is_said_and_nothing_is_written(run, tmp_path):
    out = tmp_path / "references.txt"
    wrong = run("cite", "hill_cawthorne_2012", "--out", str(out))
    assert (wrong.status, out.exists()) == (2, False)
    assert "end the name in .bib" in wrong.err
    none = run("cite", str(tmp_path / "no.nc"))
    assert none.status == 2
    assert "Traceback" not in none.err
    model = run("cite", "rituximab")
    assert model.status == 2
    assert "'rituximab' is of kind model" in model.err
