"""Derivatives by differences of high order."""


def differences(function, at, direction, step):
    """The derivative of a function along a direction, by central differences of order 8."""
    weights = {1: 4 / 5, 2: -1 / 5, 3: 4 / 105, 4: -1 / 280}
    total = sum(
        weight * (function(at + number * step * direction) - function(at - number * step * direction))
        for number, weight in weights.items()
    )
    return total / step
