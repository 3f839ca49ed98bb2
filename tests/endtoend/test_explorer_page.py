"""The page of the explorer in a real browser, driven by its keyboard; and what its server refuses."""

import contextlib
import csv
import http.client
import os
import re
import subprocess
import sys
import zipfile
from importlib import resources
from urllib.parse import urlsplit

import pytest

import kinetics
from kinetics.explorer.link import state_from_link
from kinetics.explorer.state import state_text

from .chromium import CHROMIUM, FLAGS

for extra in ("panel", "bokeh"):
    pytest.importorskip(extra, reason="Panel is not installed; it is the extra 'explore'")

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
PATIENCE = 15_000
"""Milliseconds: a busy machine makes a page late, not wrong."""


@contextlib.contextmanager
def served(*arguments):
    """The address of a page that the command serves."""
    command = [sys.executable, "-m", "kinetics.cli", "explore", *map(str, arguments), "--no-browser"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def model(tmp_path_factory, held_down):
    path = tmp_path_factory.mktemp("page") / "held.toml"
    spread = 'k = { value = 0.05, unit = "1/day", spread = 0.3, about = "elimination"'
    path.write_text(held_down.replace('k = { value = 0.05, unit = "1/day"', spread))
    return path


@pytest.fixture(scope="module")
def regimen(model):
    path = model.with_name("one.toml")
    path.write_text(
        '[regimen]\ntitle = "One dose"\nsource = "choice"\n[[courses]]\nstart = "0 month"\n'
        'doses = [{ drug = "drug_a", amount = "12 mg" }]\n'
    )
    return path


@pytest.fixture(scope="module")
def url(model, regimen):
    with served(model, "--regimen", regimen) as url:
        yield url


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("there is no Chromium")
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@contextlib.contextmanager
def opened(browser, url, width=1280):
    """The page, which must neither ask another host nor fail."""
    page = browser.new_page(viewport={"width": width, "height": 800})
    asked, failed = set(), []
    page.on("request", lambda request: asked.add(urlsplit(request.url).hostname))
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.goto(url)
    page.wait_for_selector("#csv", timeout=PATIENCE)
    yield page
    page.close()
    assert asked - {None, ""} == {"127.0.0.1"}
    assert failed == []


@pytest.fixture
def page(browser, url):
    with opened(browser, url) as page:
        yield page


def state_of(page):
    """What the link of the page holds."""
    return state_from_link(link(page))


def link(page):
    return page.locator("#link").input_value()


def changed(page, before):
    """Wait until the link is another one."""
    sync_api.expect(page.locator("#link")).not_to_have_value(before, timeout=PATIENCE)


def add_slider(page, name="k"):
    page.locator('[data-key="scenarios.0.slider"]').select_option(name)
    return page.locator(f'input[type=range][data-key="scenarios.0.parameters.{name}"]')


def recovery(page):
    return float(page.locator("table", has_text="Scenario 1").first.locator("tbody tr td").first.inner_text())


def test_the_keyboard_moves_a_slider(page):
    before, months = link(page), recovery(page)
    slider = add_slider(page)
    slider.focus()
    page.keyboard.press("End")
    changed(page, before)
    state = state_of(page)
    assert state.scenarios[0].parameters == {"k": 0.2}
    assert recovery(page) == pytest.approx(months / 4, rel=0.02)
    assert slider.get_attribute("aria-valuetext") == "0.2 per day"
    assert slider.get_attribute("aria-label") == "elimination, per day"


def test_what_the_slider_shows_is_what_simulate_gives(page, regimen, model):
    result = kinetics.simulate(model, regimen, until="60 month", measures="recovery", engine="batch")
    (row,) = kinetics.recovery(result)
    assert recovery(page) == pytest.approx(row["months"], abs=0.005)


def test_the_keyboard_adds_a_course(page):
    before = link(page)
    page.get_by_role("button", name="Add a course").focus()
    page.keyboard.press("Enter")
    changed(page, before)
    first, second = state_of(page).scenarios[0].doses
    assert (first.month, second.month) == (0.0, 12.0)
    assert page.locator("table").first.locator("tbody tr").count() == 2


def test_the_tab_key_reaches_every_control_and_each_has_a_name(page):
    names = set()
    page.locator("a.skip").focus()
    for _ in range(80):
        page.keyboard.press("Tab")
        name = page.evaluate("""() => {
            let node = document.activeElement;
            while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
            if (!["INPUT", "SELECT", "BUTTON"].includes(node?.tagName)) return "-";
            return node.getAttribute("aria-label") ?? node.labels?.[0]?.textContent ?? node.textContent;
        }""")
        names.add(name.strip())
        if name.strip() == "Copy":
            break
    assert "" not in names
    assert {"Name", "Month", "Doses", "Add a course", "Add a scenario", "Months", "Curves (CSV)", "Copy"} <= names


def test_two_scenarios_stand_side_by_side(page):
    before = link(page)
    page.get_by_role("button", name="Add a scenario").press("Enter")
    changed(page, before)
    assert page.locator("table").first.locator("thead th").all_inner_texts() == ["Scenario 1", "Scenario 2"]


def test_another_output_gets_a_panel(page):
    canvases = page.locator("canvas")
    before = canvases.count()
    page.locator('[data-key="output.amount"]').press("Space")
    sync_api.expect(canvases).to_have_count(2 * before, timeout=PATIENCE)
    page.locator('[data-key="output.N"]').press("Space")
    sync_api.expect(canvases).to_have_count(before, timeout=PATIENCE)
    assert state_of(page).outputs == ("amount",)


def test_counts_are_loaded_and_a_faulty_table_names_every_fault(page, tmp_path):
    table = tmp_path / "counts.csv"
    table.write_text("patient;day;analyte;value;unit\nP1;0;N;950;cells/uL\nP1;60;N;200;cells/uL\n")
    page.locator("input[type=file]").set_input_files(table)
    page.get_by_text("1 patient, 2 counts of N").wait_for(timeout=PATIENCE)
    table.write_text("patient;day;analyte;value;unit\nP1;x;N;950;cells/uL\nP1;60;N;y;cells/uL\n")
    page.locator("input[type=file]").set_input_files(table)
    alert = page.get_by_role("alert")
    alert.locator("li").nth(1).wait_for(timeout=PATIENCE)
    assert "counts.csv:2" in alert.inner_text()
    assert "counts.csv:3" in alert.inner_text()


def test_a_wrong_amount_is_named_and_its_field_is_marked(page):
    field = page.locator('[data-key="scenarios.0.doses.0.amount"]')
    field.fill("12 litter")
    field.press("Tab")
    page.get_by_role("alert").get_by_text("litter").wait_for(timeout=PATIENCE)
    assert field.get_attribute("aria-invalid") == "true"


def test_files_are_handed_out(page, tmp_path, regimen):
    files = {}
    for name in ("csv", "command", "python", "regimen-0", "figure-0"):
        with page.expect_download(timeout=PATIENCE) as download:
            page.locator(f"#{name}").press("Enter")
        files[name] = tmp_path / download.value.suggested_filename
        download.value.save_as(files[name])
    rows = list(csv.DictReader(files["csv"].read_text().splitlines()))
    assert {row["output"] for row in rows} == {"N"}
    assert kinetics.Regimen.load(files["regimen-0"]) == kinetics.Regimen.load(regimen)
    with zipfile.ZipFile(files["figure-0"]) as archive:
        assert archive.namelist() == [f"scenario_1{suffix}" for suffix in (".csv", ".md", ".pdf", ".svg")]
        assert 'width="493.2' in archive.read("scenario_1.svg").decode().partition("viewBox")[0]
    assert files["command"].read_text().startswith("kinetics simulate ")


def test_a_link_restores_the_page(browser, page):
    before = link(page)
    page.locator('[data-key="until"]').fill("24")
    page.locator('[data-key="until"]').press("Tab")
    changed(page, before)
    with opened(browser, link(page)) as again:
        assert again.locator('[data-key="until"]').input_value() == "24"
        assert state_of(again) == state_of(page)


def test_a_hostile_link_is_refused_with_every_fault(browser, url):
    with opened(browser, f"{url}?state=eyJ2ZXJzaW9uIjoyLCJ4IjoiPHNjcmlwdD4ifQ") as page:
        text = page.get_by_role("alert").inner_text()
    for name in ("link: version", "link: x", "link: scenarios"):
        assert name.removeprefix("link: ") in text


def test_a_phone_needs_no_sideways_scroll(browser, url):
    with opened(browser, url, width=360) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.parametrize("width", [360, 1280])
def test_a_page_breaks_no_rule_of_accessibility(browser, url, width):
    pytest.importorskip("axe_core_python", reason="axe is not installed")
    with opened(browser, url, width=width) as page:
        page.evaluate(resources.files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
        for summary in page.locator("summary").all():
            summary.click()
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        faults = [f"{one['id']}: {node['html'][:200]}" for one in found["violations"] for node in one["nodes"]]
        assert len(found["passes"]) > 10
        assert faults == []


def test_the_counts_of_a_user_are_points_of_the_figure(page, tmp_path):
    table = tmp_path / "counts.csv"
    table.write_text("patient;day;analyte;value;unit\nP1;0;N;950;cells/uL\nP1;60;N;200;cells/uL\n")
    page.locator("input[type=file]").set_input_files(table)
    page.get_by_text("1 patient, 2 counts of N").wait_for(timeout=PATIENCE)
    page.locator("#width").select_option("single")
    with page.expect_download(timeout=PATIENCE) as download:
        page.locator("#figure-0").press("Enter")
    with zipfile.ZipFile(download.value.path()) as archive:
        rows = list(csv.DictReader(archive.read("scenario_1.csv").decode().splitlines()))
        caption = archive.read("scenario_1.md").decode()
    points = [(float(row["x"]), float(row["y"])) for row in rows if row["kind"] == "count"]
    assert points == [pytest.approx((0, 0.95)), pytest.approx((60 / 30.4375, 0.2), rel=1e-3)]
    assert "own counts" in caption


def asked(url, path=None, **headers):
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
    with contextlib.closing(connection):
        connection.request("GET", parts.path if path is None else path, headers=headers)
        with connection.getresponse() as response:
            return response.status


def test_a_request_with_the_link_is_answered(url):
    assert asked(url) == 200


@pytest.mark.parametrize("path", ["", "ws", "static/js/bokeh.min.js", "autoload.js", "metadata"])
@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Host": "127.0.0.1:1"}],
)
def test_a_foreign_host_or_origin_gets_403(url, path, headers):
    assert asked(url, path=urlsplit(url).path + path, **headers) == 403


def test_without_the_token_there_is_nothing(url):
    assert asked(url, path="/") == 404
    assert asked(url, path="/guess/") == 404
    assert len(re.fullmatch(r"/([\w-]+)/", urlsplit(url).path)[1]) >= 32


def test_a_socket_of_a_foreign_page_gets_403(url):
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    upgrade |= {"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Origin": "http://evil.example"}
    assert asked(url, path=urlsplit(url).path + "ws", **upgrade) == 403


def test_another_address_is_refused_without_unsafe_listen(model):
    command = [sys.executable, "-m", "kinetics.cli", "explore", str(model), "--address", "0.0.0.0", "--no-browser"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert "--unsafe-listen" in done.stderr
    assert done.stdout == ""


MOVES = 20


@pytest.fixture(scope="module")
def visit():
    """A visit to the whole model, and the state after each move of a slider."""
    from kinetics.explorer.curves import Computation
    from kinetics.explorer.page.choices import choices_of
    from kinetics.explorer.page.session import Session

    explorer = kinetics.explore("reconstitution", cohort="relapsing", regimen="ms_licensed")
    computation, state = Computation(explorer.model), explorer.state
    visit = Session(explorer.subject, state, computation, choices_of(explorer.subject))
    name, value = explorer.subject.suggested[0], computation.cohort("relapsing").values[explorer.subject.suggested[0]]

    def moved(by, patients):
        scenario = state.scenarios[0].model_copy(update={"parameters": {name: value * by}})
        return state.model_copy(update={"scenarios": (scenario,), "patients": patients})

    for patients in (0, 100):
        visit.answer({"kind": "state", "state": state_text(moved(1.5, patients))})
    return visit, moved


@pytest.mark.processor_time(MOVES * 0.2)
@pytest.mark.parametrize("patients", [0, 100])
def test_a_slider_answers_in_less_than_200_ms_on_average(visit, patients):
    visit, moved = visit
    for move in range(MOVES):
        state = moved(1 + move / 100, patients)
        visit.answer({"kind": "state", "state": state_text(state)})
        assert visit.state == state
        assert visit.controls.faults == []
