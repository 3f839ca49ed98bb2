"""Which outputs of a model are parts of others: its sums say so."""

from __future__ import annotations

from kinetics.model import Model


def wholes(model: Model) -> dict[str, list[str]]:
    """The outputs that each output is a part of, the smallest first: sums that have all its terms, and others.

    Examples
    --------
    >>> from kinetics.files.library import library_names
    >>> wholes(Model.load(library_names("models")[0]))
    {}
    """
    terms: dict[str, frozenset[str]] = {}
    for name in model.order:
        value = model.definitions[name].value
        addends = value.args if value.is_Add else (value,)
        is_sum = all(addend.is_Symbol for addend in addends)
        of_addends = [terms.get(str(addend), frozenset((str(addend),))) for addend in addends]
        terms[name] = frozenset[str]().union(*of_addends) if is_sum else frozenset((name,))
    larger = {name: [other for other in model.outputs if terms[name] < terms[other]] for name in model.outputs}
    return {name: sorted(others, key=lambda other: len(terms[other])) for name, others in larger.items() if others}
