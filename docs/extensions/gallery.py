"""The gallery: every figure that ships, with its file and the command that draws it."""

from __future__ import annotations

import tomllib

from extensions.markdown import DOCS, figure, joined, markdown_text
from kinetics.files.library import library_folder, library_names

PICTURES = DOCS / "figures"


def gallery() -> str:
    """A section for each figure file of the library that has a picture."""
    names = [name for name in library_names("fits/figures") if (PICTURES / f"{name}.svg").exists()]
    return "\n\n".join(_entry(name) for name in names)


def _entry(name: str) -> str:
    """Title, picture, caption if it has one, command and file."""
    text = (library_folder("fits") / "figures" / f"{name}.toml").read_text(encoding="utf-8")
    title = tomllib.loads(text)["figure"].get("title", name)
    page = DOCS / "gallery.md"
    return joined(
        f"## {markdown_text(title)}",
        figure(PICTURES / f"{name}.svg", page, title),
        _written(name),
        f"```text\nkinetics figure {name} --out {name}.svg\n```",
        f'```{{raw}} html\n<details class="file"><summary>Figure file fits/figures/{name}.toml</summary>\n```',
        f"```toml\n{text.strip()}\n```",
        "```{raw} html\n</details>\n```",
    )


def _written(name: str) -> str:
    """Links to what a figure writes beside its picture."""
    kinds = {"svg": "picture", "md": "caption", "csv": "numbers"}
    links = [
        f'<a href="figures/{name}.{ending}" download>{kind} ({ending.upper()})</a>'
        for ending, kind in kinds.items()
        if (PICTURES / f"{name}.{ending}").exists()
    ]
    return f"```{{raw}} html\n<p>{', '.join(links)}</p>\n```"
