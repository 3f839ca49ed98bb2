"""Write docs/api.md from the docstrings: ``python docs/api.py``.

`tests/endtoend/test_api_page.py` compares the page with what this gives.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kinetics

PAGE = Path(__file__).with_name("api.md")
WIDTH = 100
CHAPTERS = {
    "See what there is": ("models", "show", "load", "check"),
    "Simulate": ("simulate", "measure", "recovery"),
    "Fit": ("identify", "fit", "fit_all", "refit", "crossvalidate", "compare_models"),
    "Read a clinic's tables": ("read_patients", "guess_mapping", "PatientData", "DataMapping"),
    "Fit and predict a patient": ("fit_patient", "fit_patients", "predict_patient", "PatientFit", "PatientFits"),
    "Estimate a clinic's population": ("fit_population", "ClinicProblem", "ClinicFit"),
    "Predict and compare": ("predict", "compare", "evidence"),
    "Write and draw": ("report", "write_report", "draw", "cite", "read_result", "write_result", "reproduce"),
    "What a model is": ("Model", "VisitSchedule"),
    "What is given": ("Regimen", "Course", "Dose", "Rule"),
    "What is fitted and compared": (
        "FitProblem",
        "Fit",
        "FitOutcomes",
        "Estimates",
        "CrossValidation",
        "Discrepancy",
        "ModelComparison",
        "Comparison",
        "read_comparison",
    ),
}
"""The order of the page; then measures, every other class, and the exceptions."""
SECTIONS = ("Parameters", "Returns", "Yields", "Raises", "Warns", "Notes", "References", "Examples")


def page() -> str:
    """The whole page."""
    names = [name for name in kinetics.__all__ if not name.startswith("__")]
    chapters = {title: [name for name in chosen if name in names] for title, chosen in CHAPTERS.items()}
    others = [name for name in names if not any(name in chosen for chosen in chapters.values())]
    errors = [name for name in others if _is_error(getattr(kinetics, name))]
    chapters |= {"What is measured": [name for name in others if name not in errors], "What can go wrong": errors}
    intro = (
        "Every public name of `kinetics`, from its docstring. Each verb takes a name of the library, a path or an "
        'object; quantities are texts with a unit, such as `"10 year"`. This page is written by '
        "`docs/api.py`."
    )
    parts = ["# Python interface", _wrapped(intro)]
    for title, chosen in chapters.items():
        parts += [f"## {title}", *(_entry(name) for name in chosen)]
    return "\n\n".join(parts) + "\n"


def _is_error(thing: Any) -> bool:
    return inspect.isclass(thing) and issubclass(thing, BaseException)


def _entry(name: str) -> str:
    thing = getattr(kinetics, name)
    summary, sections = _sections(inspect.getdoc(thing) or "")
    parts = [f"### {name}"]
    if not _is_error(thing):
        parts.append(f"```text\n{_signature(name, thing)}\n```")
    parts += _prose(summary)
    for title in SECTIONS:
        text = sections.get(title, "")
        if title == "Examples" and text:
            parts.append(f"```text\n{re.sub(r'  # doctest: .*', '', text)}\n```")
        elif title in ("Notes", "References") and text:
            parts += _prose(text)
        elif text:
            parts += [f"**{title}**", "\n".join(_items(text))]
    if inspect.isclass(thing) and not _is_error(thing) and (members := list(_members(thing))):
        parts += ["**Members**", "\n".join(members)]
    return "\n\n".join(parts)


def _signature(name: str, thing: Any) -> str:
    """The call, each argument with its default; on several lines if it is long."""
    parameters = [
        re.sub(r": .*?(?= = |$)", "", str(one)).replace(" = ", "=")
        for one in inspect.signature(thing).parameters.values()
    ]
    kinds = [one.kind for one in inspect.signature(thing).parameters.values()]
    if inspect.Parameter.KEYWORD_ONLY in kinds and inspect.Parameter.VAR_POSITIONAL not in kinds:
        parameters.insert(kinds.index(inspect.Parameter.KEYWORD_ONLY), "*")
    line = f"{name}({', '.join(parameters)})"
    return textwrap.fill(line, WIDTH, subsequent_indent=" " * (len(name) + 1), break_long_words=False)


def _sections(text: str) -> tuple[str, dict[str, str]]:
    """The text before the first section, and each section by its title."""
    parts = re.split(rf"^({'|'.join(SECTIONS)})\n-+\n", text, flags=re.MULTILINE)
    titles, bodies = parts[1::2], parts[2::2]
    return parts[0].strip(), {title: body.strip() for title, body in zip(titles, bodies, strict=True)}


def _prose(text: str) -> list[str]:
    """Paragraphs, wrapped; formulas in the notation of Markdown."""
    return [_wrapped(_markdown(paragraph)) for paragraph in text.split("\n\n") if paragraph.strip()]


def _items(text: str) -> Iterator[str]:
    """A list item for each entry of a section: what stands at the margin, then its description."""
    for entry in re.split(r"\n(?=\S)", text):
        head, _, body = entry.partition("\n")
        name, _, kind = head.partition(" : ")
        what = f"`{name}`" + (f" ({_markdown(kind)})" if kind else "")
        about = " ".join(_markdown(textwrap.dedent(body)).split())
        yield _wrapped(f"- {what}" + (f": {about}" if about else ""), indent="  ")


def _members(thing: type) -> Iterator[str]:
    for name, member in vars(thing).items():
        inner = member.__func__ if isinstance(member, classmethod | staticmethod) else member
        if name.startswith("_") or not (inspect.isfunction(inner) or isinstance(inner, property)):
            continue
        summary, _ = _sections(inspect.getdoc(inner) or "")
        call = "()" if inspect.isfunction(inner) else ""
        yield _wrapped(f"- `{name}{call}`: {' '.join(_markdown(summary.split(chr(10) * 2)[0]).split())}", indent="  ")


def _markdown(text: str) -> str:
    """Text of a docstring in Markdown: one backquote for code, dollars for formulas."""
    text = re.sub(r":math:`([^`]*)`", r"$\1$", text)
    text = text.replace("``", "`")
    return re.sub(r"(?<![`$\\])([*_<>|])(?=\S)(?![^`$]*[`$])", r"\\\1", text) if "`" not in text else text


def _wrapped(text: str, indent: str = "") -> str:
    return textwrap.fill(
        " ".join(text.split()), WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
