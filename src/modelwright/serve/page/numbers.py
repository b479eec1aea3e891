"""Numbers as people write them."""

from math import isfinite


def percent(share: float) -> str:
    """Return a probability as people write it; what is not quite certain is never shown as certain."""
    shown = f"{100 * share:.1f}"
    if shown == "100.0" and share < 1:
        return "over 99.9 %"
    if shown == "0.0" and share > 0:
        return "under 0.1 %"
    return f"{shown} %"


def number(value: float) -> str:
    """Return a number with at most five digits that count, in groups of three."""
    if not isfinite(value):
        return "no number"
    if value == 0 or 1e-4 <= abs(value) < 1e15:
        text = f"{value:,.0f}" if abs(value) >= 10_000 else f"{float(f'{value:.5g}'):,}"
        return text.removesuffix(".0")
    return f"{value:.4g}"


def signed(value: float, digits: int | None = None) -> str:
    """Return a change with its sign."""
    shown = number(abs(value)) if digits is None else f"{abs(value):,.{digits}f}"
    sign = "+" if value > 0 else "−" if value < 0 else ""
    return f"{sign}{shown}"
