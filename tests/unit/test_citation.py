"""`cite`: what a result rests on is cited once, in BibTeX that any program reads and LaTeX only prints."""

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from pybtex.database import parse_string

import kinetics
from kinetics import InputError, cite
from kinetics.citation.bibtex import bibtex
from kinetics.citation.methods import PATH as METHODS
from kinetics.errors import Faults
from kinetics.files.bibliography import Source, check_bibliography, read_bibliography

from . import patient_cases as cases

ROOT = Path(__file__).parents[2]
COMMAND = re.compile(r"\\(?:textbackslash|textasciitilde|textasciicircum|textbraceleft|textbraceright)\{\}|\\[&%$#_]")


def entries(text):
    """Entries by key as another parser reads them."""
    return parse_string(text, "bibtex").entries


def keys(result, **options):
    return {*entries(cite(result, **options))}


# --- what is cited ---


@pytest.fixture(scope="module")
def simulated():
    return kinetics.simulate("rituximab", until="10 day", every="5 day")


def test_a_simulation_cites_program_solver_and_the_sources_of_its_model(simulated):
    text = cite(simulated)
    program = entries(text)["lymphokinetics"]
    assert program.type == "software"
    assert program.fields["version"] == simulated.attrs["package_version"]
    assert program.fields["year"] == simulated.attrs["created"][:4]
    assert {*entries(text)} == {"lymphokinetics", "petzold_1983", "virtanen_2020", "candelaria_2018"}
    assert entries(text)["candelaria_2018"].fields["doi"] == "10.1007/s00280-018-3524-9"
    assert text.startswith("@software{lymphokinetics,")


def test_another_solver_and_drawn_patients_cite_their_own_methods():
    drawn = kinetics.simulate(
        "rituximab", until="2 day", every="1 day", patients=2, sampling="quasi", engine="scipy", method="Radau"
    )
    assert {"hairer_1996", "sobol_1967", "matousek_1998", "virtanen_2020"} <= keys(drawn)
    assert "steinebach_2023" not in keys(drawn)


def test_a_result_in_a_file_cites_the_same(simulated, tmp_path):
    kinetics.write_result(simulated, tmp_path / "result.nc")
    assert cite(tmp_path / "result.nc") == cite(simulated)


def test_a_fit_cites_its_rows_and_those_of_the_fits_before_it():
    typical, population = keys("hill_cawthorne_2012"), keys("hill_cawthorne_2012_population")
    assert {"hill_cawthorne_2012", "dubuisson_2018", "branch_1999"} <= typical
    assert {"hill_cawthorne_2012", "sobol_1967"} <= population
    assert "branch_1999" not in population


def test_a_committed_result_cites_the_same_as_its_fit():
    assert keys(ROOT / "fits" / "hill_cawthorne_2012.result.toml") == keys("hill_cawthorne_2012")


def test_rows_that_are_only_compared_are_not_cited():
    problem = kinetics.load(ROOT / "fits" / "care_ms_course_1_population.toml")
    fitted = {target.row.source for target in problem.fitted} - {"choice"}
    of_parameters = {row.source for row in problem.model.parameters.values()}
    compared = {target.row.source for target in problem.targets} - fitted - of_parameters
    assert fitted <= keys(problem)
    assert compared & keys(problem) == set()


def test_facts_cite_every_row():
    cited = keys(ROOT / "fits" / "evidence.csv")
    assert {"cossburn_2011", "jones_2013", "meltzer_2020", "steinebach_2023"} <= cited
    assert cited <= {*read_bibliography(ROOT / "models" / "references.bib"), *read_bibliography(METHODS)} | {
        "lymphokinetics"
    }


def test_an_own_fit_cites_the_bibliography_beside_it(project):
    (project.fits / "references.bib").write_text("@article{own_2001, title={T}, author={Own, A.}, doi={10.1000/1}}\n")
    path = project.fit(
        {"name": "A", "output": "A_blood", "value": 1.2, "log_se": 0.1, "time": "5 day", "source": "own_2001"},
        free={"k": 'lower = 0.01, upper = 1.0, unit = "1/day"'},
    )
    fitted = kinetics.fit(path)
    assert {"own_2001", "branch_1999", "steinebach_2023"} <= keys(fitted)
    assert keys(fitted.problem) == keys(fitted)


def test_what_is_no_result_is_refused_with_what_is_one(simulated):
    with pytest.raises(InputError, match=r"^result: must be a result, such as of simulate, .*; found int 3$"):
        cite(3)
    with pytest.raises(InputError, match=r"^result: must be a result, .*'rituximab' is of kind model"):
        cite("rituximab")
    nameless = simulated.drop_attrs()
    with pytest.raises(InputError, match=r"^result: does not say its model; give it as 'model'"):
        cite(nameless)
    assert "candelaria_2018" in keys(nameless, model="rituximab")


# --- the methods ---


def test_the_program_is_cited_as_the_citation_file_says():
    stated = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    program = entries(cite("hill_cawthorne_2012"))["lymphokinetics"]
    (author,) = program.persons["author"]
    assert f'  - name: "{str(author).strip("{}")}"' in stated
    assert 'title: "lymphokinetics"' in stated
    assert f"version: {program.fields['version']}" in stated


def test_every_method_has_a_complete_entry_and_its_doi_stands_at_the_code():
    faults = Faults()
    check_bibliography(METHODS, faults)
    faults.raise_if_any()
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "kinetics").rglob("*.py"))
    code += (ROOT / "docs" / "theory.md").read_text(encoding="utf-8")
    of_scipy = {"virtanen_2020", "petzold_1983", "shampine_1997", "hairer_1996"}
    for key, source in read_bibliography(METHODS).items():
        assert source.fields.keys() >= {"author", "title", "year", "doi"}, key
        assert key in of_scipy or source.fields["doi"] in code, key


def test_every_method_is_cited_by_some_result():
    text = (ROOT / "kinetics" / "citation" / "methods.py").read_text(encoding="utf-8")
    assert [key for key in read_bibliography(METHODS) if f'"{key}"' not in text] == []


# --- hostile texts ---

HOSTILE = r"\input{/etc/passwd} \write18{rm -rf ~} 100% of $x_1^2$ & #1 } @misc{b, title={c}}"


def harmless(text):
    """Whether no command, comment or active character is left besides those that print a character."""
    rest = COMMAND.sub("", text)
    return not re.search(r"[\\%&$#_~^]", rest)


def test_a_hostile_text_is_printed_and_does_nothing():
    source = Source(HOSTILE, {"title": HOSTILE, "doi": HOSTILE, "url": HOSTILE, "author": HOSTILE}, entry_type="a}b")
    (key,) = entries(bibtex([source]))
    entry = entries(bibtex([source]))[key]
    assert re.fullmatch(r"[A-Za-z0-9_.:+-]+", key)
    assert entry.type == "misc"
    assert all(harmless(entry.fields[name]) for name in ("title", "doi", "url"))


@given(st.lists(st.text(max_size=60) | st.text(alphabet="\\{}%$&#_^~@\"'ab,= \n", max_size=40), min_size=1, max_size=4))
def test_whatever_a_field_holds_the_file_is_read_back_and_harmless(texts):
    sources = [Source("a", {"title": text, "note": text, "journal": text}) for text in texts]
    found = entries(bibtex(sources))
    assert [*found] == [f"a_{n}" if n > 1 else "a" for n in range(1, len(texts) + 1)]
    assert all(harmless(value) for entry in found.values() for value in entry.fields.values())


def test_accents_become_characters_and_groups_stay():
    text = bibtex([Source("a", {"title": r"{CD4} of {\'E}lan {\v s}a \& 5\% in {\"o}", "pages": "1--2"})])
    assert "title = {{CD4} of {É}lan {š}a \\& 5\\% in {ö}}" in text
    assert "pages = {1--2}" in text


def test_the_address_of_a_publication_is_written_as_it_is():
    text = bibtex([Source("a", {"doi": "10.1016/0041-5553(67)90144-9", "url": "https://a.org/b_c?d=1"})])
    assert "doi = {10.1016/0041-5553(67)90144-9}" in text
    assert "url = {https://a.org/b_c?d=1}" in text


def test_the_version_is_that_of_the_project():
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert entries(cite("hill_cawthorne_2012"))["lymphokinetics"].fields["version"] == stated


@pytest.mark.parametrize(
    ("algorithm", "methods"),
    [
        (
            {"method": "SAEM", "standard_errors": "linearised"},
            {"kuhn_2005", "lavielle_2007", "karimi_2020", "retout_2002"},
        ),
        (
            {"method": "FOCEI", "standard_errors": "stochastic_approximation"},
            {"wang_2007", "almquist_2015", "louis_1982"},
        ),
    ],
)
def test_a_clinic_cites_its_algorithm_its_standard_errors_and_its_diagnostics(algorithm, methods):
    visits = xr.Dataset({"NPDE": ("visit", [0.1])})
    facts = {"model": "rituximab", **algorithm}
    tree = xr.DataTree.from_dict({"/": xr.Dataset(attrs=facts), "visits": visits})
    assert keys(tree) == {"lymphokinetics", "candelaria_2018", "brendel_2006", *methods}


def test_a_posterior_and_profiles_cite_their_methods():
    nothing = xr.Dataset()
    groups = {"/": xr.Dataset(attrs={"model": "rituximab"}), "profiles": nothing, "posterior": nothing}
    cited = keys(xr.DataTree.from_dict(groups))
    assert {"venzon_1988", "raue_2009", "foreman_mackey_2013", "ter_braak_2006"} <= cited


def test_a_fit_of_a_patient_cites_the_engine(tmp_path):
    times = np.array([1.0, 5.0, 20.0])
    own = cases.patient("P1", times, cases.pool(times, 1.0, 0.02))
    fitted = kinetics.fit_patient(cases.data(own), "P1", model=cases.model(tmp_path, cases.POOL))
    assert keys(fitted) == {"lymphokinetics", "steinebach_2023"}
    assert keys(fitted.fits) == keys(fitted)
