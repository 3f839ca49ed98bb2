"""A report is one valid page that needs nothing else, that anybody can read, and whose numbers are the result's."""

import json
import re
import zipfile

import numpy as np
import pytest

import kinetics
from kinetics.errors import InputError
from kinetics.reports.prediction import prediction_json
from kinetics.results import read_result
from kinetics.text.numbers import number_text

from .conftest import MODEL
from .report_pages import broken_rules, dumped, parsed, program, table_rows, texts, without_policy

pytest.importorskip("jinja2", reason="the extra 'report' is not installed")
HOSTILE = "</title><script>alert(1)</script>\"'{{ 7*7 }}<img src=x onerror=alert(1)>"


@pytest.fixture
def fitted(project, run):
    """A fit of the small project, beside its problem."""
    path = project / "fits" / "result.nc"
    assert run("fit", project / "fits" / "turnover.toml", "--out", path).status == 0
    return path


@pytest.fixture
def predicted(fitted, project, run):
    path = project / "predicted.nc"
    once = project / "models" / "regimens" / "once.toml"
    answer = run(
        "predict", fitted, "--cohort", "adults", "--regimen", once, "--until", "12 month", "--draws", 20, "--out", path
    )
    assert answer.status == 0, answer.err
    return path


@pytest.fixture
def model_path(project):
    return project / "models" / "pool.toml"


@pytest.fixture
def simulated(project, model_path):
    once, span = project / "models" / "regimens" / "once.toml", {"until": "12 month", "every": "1 month"}
    return kinetics.simulate(model_path, regimen=once, cohort="adults", measures="recovery", **span)


def test_a_page_of_a_fit_is_valid_and_in_the_order_in_which_it_is_read(fitted, tmp_path, run):
    page = tmp_path / "fit.html"
    assert run("report", fitted, "--out", page).status == 0
    tree = parsed(page)
    headings = [texts(one) for one in tree.iter("h2")]
    assert headings == [
        "Summary",
        "Data",
        "Equations",
        "Parameters",
        "Agreement with the published numbers",
        "Diagnostics",
        "Identifiability",
        "Predictions",
        "Provenance",
    ]
    ids = [one.get("id") for one in tree.iter() if one.get("id")]
    assert len(ids) == len(set(ids))
    assert all(one.get("alt") for one in tree.iter("img"))
    links = {one.get("href") for one in tree.iter("a")}
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)


def test_the_numbers_of_a_fit_are_those_of_its_result(fitted, tmp_path):
    page, tree = tmp_path / "fit.html", read_result(fitted)
    kinetics.write_report(fitted, page)
    estimates = tree["estimates"].to_dataset()
    shown = {row[0]: row for row in table_rows(parsed(page), "Estimates") if row}
    assert estimates["parameter"].values.tolist() == ["k"]
    assert list(shown) == ["turnover"]
    for row in shown.values():
        own = estimates.sel(parameter="k")
        assert row[1:3] == [str(own["unit"].item()), number_text(float(own["value"]))]
    values = [number_text(float(value)) for value in tree["predicted"]["value"].values]
    rows = [row for row in table_rows(parsed(page), "Published against fitted") if row]
    assert [row[5] for row in rows] == values
    pairs = [one for one in parsed(page).iter("div") if one.find("dt") is not None]
    facts = {texts(one.find("dt")): texts(one.find("dd")) for one in pairs}
    assert facts["SHA-256 of the data"] == tree.attrs["data_hash"]
    assert facts["seed"] == "3"


def test_the_numbers_of_a_prediction_are_those_of_its_result(predicted, model_path, tmp_path):
    page, tree = tmp_path / "predicted.html", read_result(predicted)
    kinetics.write_report(tree, page, model=model_path)
    (row,) = prediction_json(tree)["recovery"]
    shown = table_rows(parsed(page), "Time from the first dose")[-1]
    assert shown[2] == number_text(row["months"])
    assert shown[3] == f"{number_text(row['lower'])} to {number_text(row['upper'])}"
    counts = table_rows(parsed(page), "Typical patient")[-1]
    ends = tree["interval"]["pool"].isel(time=-1).values
    value = number_text(float(tree["pool"].values[-1]))
    assert counts[1] == f"{value} [{number_text(float(ends[0]))}, {number_text(float(ends[-1]))}]"


def test_equations_are_drawn_as_mathematics(simulated, model_path, tmp_path):
    page = tmp_path / "simulated.html"
    kinetics.write_report(simulated, page, model=model_path)
    tree = parsed(page)
    lines = [re.sub(r"\s", "", texts(one)) for one in tree.iter() if one.get("class") == "equation"]
    assert lines == ["dAdt=−A·ke", "dNdt=−N·kill+k·(−N+N0)", "pool=N", "kill=A·s", "A(0)=0", "N(0)=N0"]
    assert {"math", "mfrac", "mi", "mo", "mn"} <= {one.tag.rpartition("}")[2] for one in tree.iter()}


def test_texts_of_files_stay_texts(project, tmp_path):
    path = project / "models" / "pool.toml"
    title = HOSTILE.replace('"', '\\"')
    path.write_text(MODEL.replace("A pool that a drug empties", title).replace("count at rest", "<b>"))
    once = project / "models" / "regimens" / "once.toml"
    result = kinetics.simulate(path, regimen=once, cohort="adults", until="1 month", every="10 day")
    result.attrs["regimen"] = HOSTILE + "\x1b[2J\u202e"
    page = tmp_path / "hostile.html"
    kinetics.write_report(result, page, model=path)
    tree = parsed(page)
    assert [one.tag for one in tree.iter() if one.tag in ("script", "iframe", "object", "b")] == []
    assert HOSTILE in texts(tree.find(".//h1"))
    assert [name for one in tree.iter() for name in one.attrib if name.startswith("on")] == []
    assert all(one.get("src").startswith("data:image/svg+xml;base64,") for one in tree.iter("img"))
    assert "\x1b" not in page.read_text()


def test_the_same_result_gives_the_same_page(simulated, model_path, tmp_path):
    pages = [tmp_path / "a.html", tmp_path / "b.html"]
    for page in pages:
        kinetics.write_report(simulated, page, model=model_path)
    assert pages[0].read_bytes() == pages[1].read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 1280])
def test_a_page_breaks_no_rule_of_accessibility(predicted, model_path, tmp_path, width):
    page = tmp_path / "page.html"
    kinetics.write_report(predicted, page, model=model_path)
    assert broken_rules(page, tmp_path, width) == []


def asked(page, folder):
    """The addresses that a page asks for; the browser asks for others by itself, of which no page is the origin."""
    log = folder / "net.json"
    dumped(page, folder, f"--log-net-log={log}")
    events = [event.get("params", {}) for event in json.loads(log.read_text())["events"]]
    return {event["url"] for event in events if event.get("initiator", "not an origin") != "not an origin"}


@pytest.mark.slow
def test_a_page_asks_no_host_and_fits_a_phone(fitted, tmp_path):
    page, asking = tmp_path / "page.html", tmp_path / "asking.html"
    kinetics.write_report(fitted, page)
    assert asked(page, tmp_path) == set()
    asking.write_text('<img src="http://127.0.0.1:9/a.png">')
    assert asked(asking, tmp_path) == {"http://127.0.0.1:9/a.png"}
    measured = "<script>parent.document.title = 'wide' + document.documentElement.scrollWidth + 'wide'</script></body>"
    framed, text = tmp_path / "phone.html", without_policy(page.read_text())
    (tmp_path / "inner.html").write_text(text.replace("</body>", measured))
    framed.write_text('<iframe src="inner.html" width="360" height="800" style="border: 0"></iframe>')
    shown = dumped(framed, tmp_path, "--allow-file-access-from-files")
    assert int(re.search("wide([0-9]+)wide", shown)[1]) <= 360


@pytest.mark.slow
def test_a_page_is_printed_as_pdf(fitted, tmp_path):
    program()
    path = tmp_path / "fit.pdf"
    kinetics.write_report(fitted, path)
    assert path.read_bytes().startswith(b"%PDF-")
    assert b"/StructTreeRoot" in path.read_bytes()


def test_a_document_of_word_has_the_same_tables_and_formulas(fitted, tmp_path):
    docx = pytest.importorskip("docx", reason="the extra 'report' is not installed")
    page, path = tmp_path / "fit.html", tmp_path / "fit.docx"
    kinetics.write_report(fitted, page)
    kinetics.write_report(fitted, path)
    file = docx.Document(path)
    shown = [[cell.text for cell in row.cells] for table in file.tables for row in table.rows]
    for row in table_rows(parsed(page), "Estimates"):
        assert not row or row in shown
    assert "m:oMath" in zipfile.ZipFile(path).read("word/document.xml").decode()
    assert next(one.text for one in file.paragraphs if one.style.name == "Heading 1") == "Summary"


def test_what_cannot_be_written_is_refused_before_the_work(fitted, tmp_path, run, monkeypatch):
    monkeypatch.setattr("kinetics.documents.gathering.document_of", lambda *_: pytest.fail("worked first"))
    for path in (tmp_path / "none" / "a.html", tmp_path):
        answer = run("report", fitted, "--out", path)
        assert answer.status == 2
        assert str(path) in answer.err
    with pytest.raises(InputError, match="cannot be written"):
        kinetics.write_report(fitted, tmp_path / "none" / "a.html")
    with pytest.raises(InputError, match=r"a report is written as \.html, \.pdf or \.docx"):
        kinetics.write_report(fitted, tmp_path / "a.odt")
    monkeypatch.setenv("CHROME_PATH", str(tmp_path / "no-browser"))
    with pytest.raises(InputError, match="CHROME_PATH is"):
        kinetics.write_report(fitted, tmp_path / "a.pdf")
    monkeypatch.delenv("CHROME_PATH")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="apt install chromium"):
        kinetics.write_report(fitted, tmp_path / "a.pdf")


def test_a_missing_extra_says_how_to_install_it(fitted, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    for suffix in ("html", "docx", "pdf"):
        with pytest.raises(InputError, match=r"pip install 'lymphokinetics\[report\]'"):
            kinetics.write_report(fitted, tmp_path / f"a.{suffix}")


def test_what_has_no_report_says_what_has(project, tmp_path, run):
    answer = run("report", project / "models" / "pool.toml", "--out", tmp_path / "a.html")
    assert answer.status == 2
    assert "takes this one; a report is of a fit, a prediction" in answer.err
    with pytest.raises(InputError, match="must be a fit, a prediction"):
        kinetics.write_report(np.ones(3), tmp_path / "a.html")
    assert json.dumps([path.name for path in tmp_path.glob("a.*")]) == "[]"
