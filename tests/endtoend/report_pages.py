"""Reports in a headless browser: what it makes of a page, which rules of accessibility a page breaks."""

import json
import os
import re
import subprocess
from importlib import resources
from pathlib import Path
from urllib.parse import unquote

import pytest

from kinetics.documents.writers.browser import browser
from kinetics.errors import InputError

OPTIONS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--virtual-time-budget=30000",
)


def program() -> str:
    try:
        return browser()
    except InputError as error:
        pytest.skip(str(error))


def dumped(page: Path, folder: Path, *options: str) -> str:
    """The document that a browser makes of a page, as text."""
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    command = [program(), *OPTIONS, *sandbox, f"--user-data-dir={folder / 'profile'}", *options, "--dump-dom"]
    done = subprocess.run([*command, page.as_uri()], capture_output=True, text=True, timeout=300, check=True)
    return done.stdout


def without_policy(text: str) -> str:
    """A page that may run what a test adds to it."""
    return re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)


def parsed(page):
    """The page as a tree; a fault of its HTML is an error."""
    html5lib = pytest.importorskip("html5lib", reason="html5lib is not installed")
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    return parser.parse(Path(page).read_text(encoding="utf-8"))


def texts(element):
    return " ".join("".join(element.itertext()).split())


def table_rows(tree, title):
    """The cells of the table under a title."""
    (caption,) = [one for one in tree.iter("p") if one.get("class") == "caption" and texts(one).startswith(title)]
    (region,) = [one for one in tree.iter("div") if one.get("aria-labelledby") == caption.get("id")]
    return [[texts(cell) for cell in row if cell.tag == "td"] for row in region.iter("tr")]


RUN = """axe.run(document, {resultTypes: ['violations']}).then(found => {
  const faults = found.violations.map(one => one.id + ': ' + one.nodes[0].html.slice(0, 200));
  document.title = 'axe' + encodeURIComponent(JSON.stringify([faults, found.passes.length])) + 'axe';
})"""


def broken_rules(page: Path, folder: Path, width: int) -> list[str]:
    """The rules of axe that a page, unfolded, breaks in a window of some width, each with an element."""
    pytest.importorskip("axe_core_python", reason="axe is not installed")
    axe = resources.files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    unfolded = without_policy(page.read_text(encoding="utf-8")).replace("<details>", "<details open>")
    copied = folder / "axe.html"
    scripts = f"<script>{axe}</script><script>{RUN}</script></body>"
    copied.write_text(unfolded.replace("</body>", scripts), encoding="utf-8")
    shown = dumped(copied, folder, f"--window-size={width},900")
    faults, passed = json.loads(unquote(re.search("<title>axe(.*?)axe</title>", shown)[1]))
    assert passed > 10
    return faults
