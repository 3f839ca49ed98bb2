"""Expressions as MathML of the kind that browsers draw: presentation markup, brackets as operators."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any
from xml.dom.minidom import parseString

import sympy as sp
from sympy.printing.mathml import MathMLPresentationPrinter

_RELATIONS = {"<": "&lt;", ">": "&gt;", "<=": "≤", ">=": "≥", "!=": "≠", "==": "="}
_ENTITY = re.compile("&(?!lt;|gt;|amp;)[^;]+;")


class Printer(MathMLPresentationPrinter):
    """Prints an expression; ``symbols`` has the MathML of each symbol."""

    def __init__(self, symbols: Mapping[sp.Symbol, str]) -> None:
        super().__init__({"fold_short_frac": False, "order": None, "mul_symbol": "dot"})
        self.symbols = symbols

    def markup(self, expression: Any) -> str:
        """The MathML of an expression as text."""
        element: Any = self._print(expression)
        return _unescaped(element.toxml())

    def _print_Symbol(self, sym: Any, style: str = "plain") -> Any:
        return _element(self.symbols[sym])

    def _print_Float(self, expr: Any) -> Any:
        return self._number(f"{float(expr):.12g}")

    def _number(self, text: str) -> Any:
        """A number, with a power of ten in place of an exponent."""
        digits, _, exponent = text.partition("e")
        markup = f"<mn>{digits}</mn>"
        if exponent:
            power = str(int(exponent)).replace("-", "−")
            markup = f"<mrow>{markup}<mo>×</mo><msup><mn>10</mn><mn>{power}</mn></msup></mrow>"
        return _element(markup)

    def _print_Piecewise(self, expr: Any) -> Any:
        """Cases beside a brace; the last one holds in all others."""
        rows = []
        for value, condition in expr.args:
            words = "otherwise" if condition == sp.true else "if "
            shown = "" if condition == sp.true else self.markup(condition)
            left = "style='text-align: left'"
            cells = f"<mtd {left}>{self.markup(value)}</mtd><mtd {left}><mtext>{words}</mtext>{shown}</mtd>"
            rows.append(f"<mtr>{cells}</mtr>")
        return _element(f"<mrow><mo>{{</mo><mtable>{''.join(rows)}</mtable></mrow>")

    _print_piecewise = _print_Piecewise

    def _print_ceil(self, expr: Any) -> Any:
        return self._print_ceiling(expr)

    def _print_Relational(self, e: Any) -> Any:
        relation = f"<mo>{_RELATIONS[e.rel_op]}</mo>"
        return _element(f"<mrow>{self.markup(e.lhs)}{relation}{self.markup(e.rhs)}</mrow>")

    def _print_And(self, expr: Any) -> Any:
        return self._joined("and", expr.args)

    def _print_Or(self, expr: Any) -> Any:
        return self._joined("or", expr.args)

    def _print_Xor(self, expr: Any) -> Any:
        return self._joined("xor", expr.args)

    def _joined(self, word: str, conditions: Any) -> Any:
        return _element(f"<mrow>{f'<mtext> {word} </mtext>'.join(map(self._in_brackets, conditions))}</mrow>")

    def _print_Not(self, expr: Any) -> Any:
        return _element(f"<mrow><mtext>not </mtext>{self._in_brackets(expr.args[0])}</mrow>")

    def _in_brackets(self, condition: Any) -> str:
        """A condition as part of another."""
        shown = self.markup(condition)
        return shown if condition.is_Relational else f"<mo>(</mo>{shown}<mo>)</mo>"

    def _print_power(self, expr: Any) -> Any:
        base, exponent = expr.args
        shown = self.markup(base) if base.is_Symbol else f"<mrow><mo>(</mo>{self.markup(base)}<mo>)</mo></mrow>"
        return _element(f"<msup>{shown}{self.markup(exponent)}</msup>")

    def _print_Max(self, expr: Any) -> Any:
        return self._named("max", expr.args)

    def _print_Min(self, expr: Any) -> Any:
        return self._named("min", expr.args)

    def _named(self, name: str, arguments: Any) -> Any:
        shown = "<mo>,</mo>".join(map(self.markup, arguments))
        return _element(f"<mrow><mi>{name}</mi><mo>(</mo>{shown}<mo>)</mo></mrow>")


def _element(markup: str) -> Any:
    return parseString(markup).documentElement


def _unescaped(markup: str) -> str:
    """Characters in place of the entities of sympy's printer, but for those that markup needs."""
    markup = markup.replace("&ExponentialE;", "e").replace("<mo>-</mo>", "<mo>−</mo>")
    return _ENTITY.sub(lambda match: html.unescape(match[0]), markup)
