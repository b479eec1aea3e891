"""Colours and strokes that can be told apart by everybody, unless the user has chosen others."""

from collections.abc import Sequence
from typing import Any, Literal, final

import matplotlib
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.ticker import ScalarFormatter

from modelwright.core.table import Array
from modelwright.insight.tabulation import printable

SAFE = ("#0072B2", "#D55E00", "#009E73", "#A8509A", "#767676")
"""After Okabe and Ito (2008), the light ones left out or darkened: each stands out three to one on white and on #121212
(WCAG 2.2, 1.4.11)."""

STROKES = ("-", "--", "-.", ":")
"""Lines differ by stroke too, for those who do not see colours, and for print."""

_SHADES = 20
"""So few that Matplotlib draws the bar of shades as vectors and not as an image, which a page could not restyle."""

_LARGE = 1e4
"""Smaller numbers, years among them, are read without a comma."""

_BAND = 0.18
_MOST_BANDS = 3


def colours() -> Sequence[str]:
    """Return the colours of lines in order: the user's cycle, or ours where Matplotlib's own was left as it is."""
    cycle = matplotlib.rcParams["axes.prop_cycle"]
    if cycle == matplotlib.rcParamsDefault["axes.prop_cycle"] or "color" not in cycle.keys:  # a set of names
        return SAFE
    found: list[str] = cycle.by_key()["color"]
    return found


def colour(index: int) -> str:
    """Return the colour of the line at a position."""
    known = colours()
    return known[index % len(known)]


def stroke(index: int) -> str:
    """Return the stroke of the line at a position."""
    return STROKES[index % len(STROKES)]


def shades(ours: str) -> Colormap:
    """Return the user's colour map, or ours, that of a name, where Matplotlib's own was left as it is."""
    chosen: str = matplotlib.rcParams["image.cmap"]
    name = ours if chosen == matplotlib.rcParamsDefault["image.cmap"] else chosen
    return matplotlib.colormaps[name].resampled(_SHADES)


def faint() -> str:
    """Return the colour of lines to compare with: that of the axes, which every theme can be read on."""
    found: str = matplotlib.rcParams["axes.edgecolor"]
    return found


def band(ax: Axes, at: Sequence[float] | Array, ends: tuple[Sequence[float] | Array, ...], index: int = 0) -> None:
    """Shade an interval along a line; with more than three lines none is, as they would hide one another."""
    if index < _MOST_BANDS:
        low, high = ends
        ax.fill_between(at, low, high, color=colour(index), alpha=_BAND, linewidth=0)


def spell_out(ax: Axes) -> None:
    """Let numbers along the axes stand as they are: thousands apart, none as a multiple of what stands in a corner."""
    for axis in (ax.xaxis, ax.yaxis):
        if type(axis.get_major_formatter()) is ScalarFormatter:  # not what a display or a user has chosen
            axis.set_major_formatter(_Amounts(useOffset=False))


@final
class _Amounts(ScalarFormatter):
    """Numbers in full, with commas all along an axis on which one is large."""

    _has_large = False

    def set_locs(self, locs: Any) -> None:
        """Take the places of the ticks."""
        super().set_locs(locs)
        self._has_large = any(abs(at) >= _LARGE for at in locs)

    def __call__(self, x: float, pos: int | None = None) -> str:
        """Return the text beside a tick."""
        self.set_scientific(False)
        return f"{x:,.0f}".replace("-", "\N{MINUS SIGN}") if self._has_large else super().__call__(x, pos)


def legend(ax: Axes, place: Literal["best", "upper left", "lower right"] = "best") -> None:
    """Name the lines."""
    ax.legend(loc=place, frameon=False, fontsize="small")


def words(value: object, longest: int = 24) -> str:
    """Return a text from data as Matplotlib may draw it: short, printable, and no formula whatever signs it holds."""
    return printable(value, longest).replace("$", r"\$")
