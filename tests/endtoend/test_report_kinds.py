"""A report of a patient, of a clinic and of regimens side by side; and a hostile title in every format."""

import base64
import re
import zipfile
from xml.etree import ElementTree

import pytest

import kinetics
from kinetics.results import read_result
from kinetics.text.numbers import number_text

from .conftest import MODEL
from .report_pages import parsed, table_rows, texts
from .test_clinic import clinic
from .test_patient import COUNTS, DOSES, ERROR, MAPPING

pytest.importorskip("jinja2", reason="the extra 'report' is not installed")
__all__ = ["clinic"]
LABELLED = 'about = "count in blood"\nlabel = "pool of cells"'
HOSTILE = "</text></svg><script>alert(1)</script> & {{ 7*7 }} $x_1$ [a](b)"


@pytest.fixture
def patients(project):
    for name, text in (("counts.csv", COUNTS), ("doses.csv", DOSES), ("clinic.toml", MAPPING)):
        (project / name).write_text(text)
    model = project / "models" / "pool.toml"
    model.write_text(MODEL.replace('about = "count in blood"', LABELLED))
    return project / "clinic.toml"


@pytest.fixture
def predicted(patients, run):
    out = patients.with_name("P07.nc")
    answer = run("patient", patients, "--id", "P07", "--cohort", "adults", *ERROR, "--until", "2 year", "--out", out)
    assert answer.status == 0, answer.err
    return out


def headings(tree):
    return [texts(one) for one in tree.iter("h2")]


def captions(tree):
    return [texts(one) for one in tree.iter("figcaption")]


def test_a_page_of_a_patient_has_the_numbers_and_labels_of_its_prediction(predicted, patients, tmp_path):
    page, model = tmp_path / "patient.html", patients.parent / "models" / "pool.toml"
    kinetics.write_report(predicted, page, model=model)
    tree, result = parsed(page), read_result(predicted)
    assert headings(tree) == ["Summary", "Data", "Equations", "Parameters", "Predictions", "Provenance"]
    assert [row for row in table_rows(tree, "Counts, 4 times") if row][-1] == ["90", "< 0.600"]
    rows = [row for row in table_rows(tree, "Counts after so many months") if row]
    value = float(result.to_dataset()["pool"].values[-1])
    lower, upper = result["interval"].to_dataset()["pool"].values[[0, -1], -1].tolist()
    assert rows[-1][1] == f"{number_text(value)} [{number_text(lower)}, {number_text(upper)}]"
    assert "pool of cells (10⁹/L)" in texts(tree)
    assert captions(tree)[0].startswith("Figure 1. Patient P07")


def test_a_patient_who_was_fitted_has_a_page_without_a_prediction(patients, tmp_path):
    page, model = tmp_path / "fit.html", patients.parent / "models" / "pool.toml"
    data = kinetics.read_patients(patients)
    fit = kinetics.fit_patient(data, "P07", model=model, cohort="adults", errors={"pool": "proportional 0.15"})
    kinetics.write_report(fit, page)
    tree = parsed(page)
    assert headings(tree) == ["Summary", "Data", "Equations", "Parameters", "Diagnostics", "Provenance"]
    shown = [row for row in table_rows(tree, "Counts, 4 records") if row]
    assert [row[:3] for row in shown][-1] == ["90", "pool of cells", "< 0.600"]
    assert [row[1:3] for row in table_rows(tree, "Doses") if row] == [["drug", "10.0"]]
    row = next(row for row in table_rows(tree, "Parameters of the patient") if row and row[0] == "count at rest")
    assert row[2] == number_text(float(fit.parameters["estimate"].sel(parameter="N0")))


def test_a_page_of_a_clinic_has_its_estimates_and_its_checks(clinic, tmp_path):
    page, fit = tmp_path / "clinic.html", kinetics.fit_population(clinic)
    kinetics.write_report(fit, page)
    tree = parsed(page)
    assert headings(tree) == ["Summary", "Data", "Equations", "Parameters", "Diagnostics", "Provenance"]
    (row, _) = [row for row in table_rows(tree, "Typical values") if row]
    assert row[:3] == ["count at rest", "10⁹/L", number_text(fit.summary()["population"]["N0"]["value"])]
    assert len(captions(tree)) == 3
    assert all(one.get("alt") for one in tree.iter("img"))


def test_a_comparison_has_a_page(tmp_path):
    regimens = ["ms_first_course", "single_100mg"]
    result, page = kinetics.compare(regimens, until="1 year"), tmp_path / "comparison.html"
    kinetics.write_report(result, page)
    tree = parsed(page)
    assert headings(tree)[:5] == ["Summary", "Regimens", "Equations", "Parameters", "Comparison"]
    (rows,) = [table_rows(tree, title) for title in ("B cells (10⁹/L)",)]
    nadir = next(row for row in rows if row and row[0].startswith("nadir"))
    assert nadir[1:] == [number_text(float(value)) for value in result["B_nadir"].values]
    assert "ms_first_course" not in texts(tree.find(".//main/section[5]"))


def hostile(project):
    path = project / "models" / "pool.toml"
    path.write_text(MODEL.replace("A pool that a drug empties", HOSTILE))
    once = project / "models" / "regimens" / "once.toml"
    return path, kinetics.simulate(path, regimen=once, cohort="adults", until="1 month", every="10 day")


def test_a_hostile_title_stays_text_in_word(project, tmp_path):
    pytest.importorskip("docx", reason="the extra 'report' is not installed")
    path, result = hostile(project)
    kinetics.write_report(result, tmp_path / "a.docx", model=path)
    archive = zipfile.ZipFile(tmp_path / "a.docx")
    document = ElementTree.fromstring(archive.read("word/document.xml"))
    text = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}t"
    shown = [one.text for one in document.iter(text)]
    assert any(HOSTILE in one for one in shown if one)
    described = [one.get("descr", "") for one in document.iter()]
    assert all("<script>" not in one or HOSTILE in one for one in described)


def test_a_hostile_title_stays_text_in_the_picture_of_a_page(project, tmp_path):
    path, result = hostile(project)
    kinetics.write_report(result, tmp_path / "a.html", model=path)
    (source,) = [one.get("src") for one in parsed(tmp_path / "a.html").iter("img")]
    picture = ElementTree.fromstring(base64.b64decode(source.partition(",")[2]))
    names = {one.tag.rpartition("}")[2] for one in picture.iter()}
    assert not names & {"script", "foreignObject", "a", "image"}
    assert HOSTILE in captions(parsed(tmp_path / "a.html"))[0]
    assert re.search(r"<script", (tmp_path / "a.html").read_text()) is None
