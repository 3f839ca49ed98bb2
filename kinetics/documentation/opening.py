"""`docs`: a page of the documentation that ships, in the browser."""

from __future__ import annotations

from pathlib import Path

from kinetics.errors import Fault, InputError, UnknownNameError
from kinetics.text.suggestions import did_you_mean

_PACKAGE = Path(__file__).resolve().parents[1]
_PLACES = (_PACKAGE / "library" / "docs", _PACKAGE.parent / "build" / "docs")
"""Inside the installed package, and where ``make docs`` builds it in a checkout."""
_NO_PAGES = ("genindex", "search", "py-modindex")


def docs(page: str = "index", *, browser: bool = True) -> Path:
    """Open a page of the documentation in the browser; nothing is fetched from another host.

    Parameters
    ----------
    page : str
        Such as ``"theory"`` or ``"tutorials/simulate"``; the last part alone if one page has it.
    browser : bool
        Open it, if there is a browser.

    Returns
    -------
    pathlib.Path
        The HTML file of the page.

    Raises
    ------
    InputError
        If several pages have the name, or the documentation was not built.
    UnknownNameError
        If no page has it.

    Examples
    --------
    >>> docs("theory", browser=False).name  # doctest: +SKIP
    'theory.html'
    """
    import webbrowser

    path = _find(page, _folder())
    if browser:
        webbrowser.open(path.as_uri())
    return path


def _folder() -> Path:
    """Where the pages are."""
    for place in _PLACES:
        if (place / "index.html").is_file():
            return place
    raise InputError("the documentation is not here: run 'make docs' in a checkout; a wheel has it from 'make wheel'")


def _find(page: str, folder: Path) -> Path:
    """The file of a page by its path in the folder, or by its last part."""
    paths = sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.html"))
    pages = [name for name in paths if name not in _NO_PAGES and not name.startswith("_")]
    wanted = page.removesuffix(".html").removesuffix(".md")
    found = [name for name in pages if name == wanted] or [name for name in pages if name.rsplit("/", 1)[-1] == wanted]
    if not found:
        names = [*pages, *(name.rsplit("/", 1)[-1] for name in pages)]
        raise UnknownNameError(Fault(f"no page '{page}'{did_you_mean(wanted, names)}", "page"))
    if len(found) > 1:
        raise InputError(Fault(f"several pages are called '{page}'; write one of {', '.join(found)}", "page"))
    return folder / f"{found[0]}.html"
