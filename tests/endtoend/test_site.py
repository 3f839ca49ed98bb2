"""The documentation as a site: a page for everything, and pages that need no other host and fit a phone."""

import json
import re
import runpy
import subprocess
import sys
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path

import pytest

import kinetics
from kinetics.files.library import library_names

from .chromium import CHROMIUM, FLAGS

ROOT = Path(__file__).parents[2]
DOCS, SITE = ROOT / "docs", ROOT / "build" / "docs"
OWN_REQUESTS = ("--disable-extensions", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
"""What the browser asks on its own account finds no host."""
POLICY = "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; report-uri /blocked"
"""The browser loads nothing from another host, and tells what a page asked for."""
PHONE = 360
"""Width of a small phone, pixels."""
READ = (
    "index",
    "start",
    "models/reconstitution",
    "fits/hill_cawthorne_2012",
    "tutorials/simulate",
    "gallery",
    "commands",
    "api/kinetics.simulate",
    "references",
    "search",
)
"""A page of each kind."""
VISIT = Path(__file__).with_name("site_visit.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("folder", "what"), [("models", "tables of model"), ("fits", "page of fit")], ids=["models", "fits"]
)
def test_every_file_of_the_library_has_a_page(folder, what):
    pages = {path.stem: path.read_text(encoding="utf-8") for path in (DOCS / folder).glob("*.md")}
    index = pages.pop("index")
    assert sorted(pages) == library_names(folder)
    assert [name for name, text in pages.items() if f"<!-- site: {what} `{name}` -->" not in text] == []
    assert [name for name in pages if f"\n{name}\n" not in index] == []


def test_every_public_name_is_on_the_page_of_the_interface():
    listed = re.findall(r"^   (\w+)$", (DOCS / "api.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(name for name in kinetics.__all__ if not name.startswith("__"))


def test_blocks_become_cells_and_what_is_shown_alone_does_not():
    pytest.importorskip("myst_nb", reason="the extra 'docs' is not installed")
    program = runpy.run_path(str(DOCS / "extensions" / "notebooks.py"))
    page = "# T\n\n```python\na = 1\n```\n\n```bash\nls\n```\n\n```py\nb\n```\n\n```\nc\n```\n"
    text = program["as_notebook"](page)
    assert text.count("{code-cell}") == 2
    assert "%%bash\nls" in text
    assert "```py\nb\n```" in text
    assert program["as_notebook"]("# T\n\n```text\nx\n```\n") == "# T\n\n```text\nx\n```\n"


def test_a_wheel_has_the_package_alone_and_the_pages_that_are_built(tmp_path):
    pytest.importorskip("hatchling", reason="hatchling is not installed")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"kinetics"}
    assert "kinetics/library/models/references.bib" in names
    assert ("kinetics/library/docs/index.html" in names) == (SITE / "index.html").is_file()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        self.visited, self.done, self.missing, self.blocked = {}, threading.Event(), [], []
        self.pages = sorted(p.relative_to(SITE).as_posix() for p in SITE.rglob("*.html") if "_static" not in p.parts)
        super().__init__(("127.0.0.1", 0), partial(_Handler, directory=str(SITE)))


class _Handler(SimpleHTTPRequestHandler):
    def do_GET(self):
        if self.path != "/visit":
            return super().do_GET()
        pages = json.dumps([f"/{page}" for page in self.server.pages])
        body = VISIT.replace("PAGES", pages).replace("WIDTH", str(PHONE)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        return self.wfile.write(body)

    def do_POST(self):
        content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()
        if self.path == "/blocked":
            self.server.blocked.append(content["csp-report"]["blocked-uri"])
        else:
            self.server.visited = content
            self.server.done.set()

    def end_headers(self):
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_error(self, format, *args):
        self.server.missing.append(self.path)

    def log_message(self, format, *args):
        pass


@pytest.fixture(scope="module")
def visit(tmp_path_factory):
    """Every page, opened in a frame as wide as a phone: what it shows, lacks, and asked of other hosts."""
    if CHROMIUM is None:
        pytest.skip("no chromium")
    if not (SITE / "index.html").is_file():
        pytest.skip("no built documentation: make docs")
    with _Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        own = f"127.0.0.1:{server.server_address[1]}"
        flags = (*FLAGS, *OWN_REQUESTS, f"--user-data-dir={tmp_path_factory.mktemp('browser')}")
        browser = subprocess.Popen([CHROMIUM, *flags, f"http://{own}/visit"], stderr=subprocess.DEVNULL)
        try:
            assert server.done.wait(600), "the browser did not visit every page"
        finally:
            browser.terminate()
            browser.wait(30)
            server.shutdown()
        return server


@pytest.mark.slow
def test_no_page_asks_another_host(visit):
    assert len(visit.visited) == len(visit.pages) > 50
    assert visit.blocked == []


@pytest.mark.slow
def test_pages_have_all_they_show_and_fit_a_phone(visit):
    seen = visit.visited
    assert visit.missing == []
    assert {page: one for page, one in seen.items() if one["brokenImages"] or one["failedMath"]} == {}
    assert {page: one["math"] for page, one in seen.items() if one["math"][0] < one["math"][1]} == {}
    assert {page: one["clipped"] for page, one in seen.items() if one["clipped"] or one["overflow"] > 0} == {}


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no chromium")
    if not (SITE / "index.html").is_file():
        pytest.skip("no built documentation: make docs")
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.mark.slow
@pytest.mark.parametrize("width", [PHONE, 1280])
def test_a_page_of_each_kind_breaks_no_rule_of_accessibility(browser, width):
    pytest.importorskip("axe_core_python", reason="axe is not installed")
    axe = resources.files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    page, faults = browser.new_page(viewport={"width": width, "height": 900}), []
    for name in READ:
        page.goto((SITE / f"{name}.html").as_uri())
        page.evaluate("window.MathJax?.startup?.promise")
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        page.evaluate(axe)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        assert len(found["passes"]) > 10
        faults += [f"{name}: {one['id']}: {one['nodes'][0]['html'][:200]}" for one in found["violations"]]
    page.close()
    assert faults == []
