"""MathML as the mathematics of Office documents (ECMA-376, part 1, section 22.1), which Word shows and edits."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from xml.dom.minidom import Element, Node, parseString

from kinetics.documents.content import Formula

_SPACE = "http://schemas.openxmlformats.org/officeDocument/2006/math"


def office_math(formula: Formula) -> Any:
    """The element ``m:oMath`` of a formula, for python-docx."""
    from docx.oxml import parse_xml

    markup = formula.mathml if formula.mathml.startswith("<math") else f"<math>{formula.mathml}</math>"
    root: Any = parse_xml(f'<m:oMath xmlns:m="{_SPACE}"/>')
    _fill(root, _children(parseString(markup).documentElement))
    return root


def _children(node: Any) -> list[Element]:
    return [child for child in node.childNodes if child.nodeType == Node.ELEMENT_NODE]


def _fill(parent: Any, nodes: Iterable[Element]) -> None:
    for node in nodes:
        _CONVERTERS.get(node.tagName, _row)(parent, node)


def _child(parent: Any, name: str, *nodes: Element) -> Any:
    element = parent.makeelement(f"{{{_SPACE}}}{name}")
    parent.append(element)
    _fill(element, nodes)
    return element


def _row(parent: Any, node: Element) -> None:
    _fill(parent, _children(node))


def _run(parent: Any, node: Element) -> None:
    """Letters, digits or a sign; several letters are upright, as MathML has them."""
    text = "".join(child.data for child in node.childNodes if child.nodeType == Node.TEXT_NODE)
    if not text.strip("\u2062"):
        return
    run = _child(parent, "r")
    if node.tagName != "mo" and (len(text) > 1 or node.getAttribute("mathvariant") == "normal"):
        style = _child(_child(run, "rPr"), "sty")
        style.set(f"{{{_SPACE}}}val", "p")
    _child(run, "t").text = text


def _structure(name: str, *parts: str) -> Callable[[Any, Element], None]:
    """A converter of an element whose children become these parts of another."""

    def convert(parent: Any, node: Element) -> None:
        element = _child(parent, name)
        for part, child in zip(parts, _children(node), strict=True):
            _child(element, part, child)

    return convert


def _root(parent: Any, node: Element) -> None:
    element = _child(parent, "rad")
    hidden = _child(_child(element, "radPr"), "degHide")
    hidden.set(f"{{{_SPACE}}}val", "1")
    _child(element, "deg")
    _child(element, "e", *_children(node))


def _matrix(parent: Any, node: Element) -> None:
    element = _child(parent, "m")
    for row in _children(node):
        line = _child(element, "mr")
        for cell in _children(row):
            _child(line, "e", *_children(cell))


_CONVERTERS: dict[str, Callable[[Any, Element], None]] = {
    **dict.fromkeys(("mi", "mn", "mo", "mtext"), _run),
    "mfrac": _structure("f", "num", "den"),
    "msub": _structure("sSub", "e", "sub"),
    "msup": _structure("sSup", "e", "sup"),
    "msubsup": _structure("sSubSup", "e", "sub", "sup"),
    "mover": _structure("limUpp", "e", "lim"),
    "msqrt": _root,
    "mtable": _matrix,
    "mspace": lambda _parent, _node: None,
}
