"""What holds of every display."""

import re
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import modelwright.display
from modelwright.display.base import Display
from modelwright.display.catalog import DISPLAYS

Displays = dict[str, Display[Any]]


@pytest.mark.parametrize("name", DISPLAYS)
class TestEveryDisplay:
    def test_leaves_figures_and_settings_as_they_were(self, displays: Displays, name: str) -> None:
        before, settings = plt.get_fignums(), dict(matplotlib.rcParams)
        display = displays[name]
        assert display.plot() is display
        display._repr_mimebundle_()
        assert plt.get_fignums() == before
        assert dict(matplotlib.rcParams) == settings
        assert display.ax_.figure is display.figure_

    def test_draws_on_the_axes_given_and_on_no_others(self, displays: Displays, name: str) -> None:
        figure = Figure()
        mine, other = figure.subplots(1, 2)
        displays[name].plot(mine)
        assert displays[name].ax_ is mine and displays[name].figure_ is figure
        assert mine.has_data() or mine.collections
        assert not other.has_data()
        figure.canvas.draw()  # texts with dollar signs are no formulas

    def test_obeys_the_user(self, displays: Displays, name: str) -> None:
        # hatch and lines: whatever carries colour takes it from the cycle, and the size is the user's
        cycle = matplotlib.cycler(color=["#123456", "#654321", "#abcdef"])
        with matplotlib.rc_context({"axes.prop_cycle": cycle, "figure.figsize": (3.0, 2.5), "image.cmap": "magma"}):
            figure = displays[name].plot().figure_
            assert isinstance(figure, Figure)
            assert tuple(figure.get_size_inches()) == (3.0, 2.5)
            ax = displays[name].ax_
            drawn = {matplotlib.colors.to_hex(line.get_color()) for line in ax.lines}
            drawn |= {matplotlib.colors.to_hex(c) for patches in ax.collections for c in patches.get_facecolor()}
        maps = [mesh.get_cmap().name for mesh in ax.collections if mesh.get_array() is not None]
        assert "#123456" in drawn or maps == ["magma"]

    def test_obeys_a_theme_of_seaborn(self, displays: Displays, name: str) -> None:
        seaborn = pytest.importorskip("seaborn")
        with matplotlib.rc_context():
            seaborn.set_theme(style="darkgrid", palette="deep")
            ax = displays[name].plot().ax_
            assert ax.get_facecolor() == matplotlib.colors.to_rgba("#EAEAF2")

    def test_has_a_tidy_frame(self, displays: Displays, name: str) -> None:
        columns, frame = displays[name].to_columns(), displays[name].to_frame()
        assert isinstance(frame, pd.DataFrame)
        assert list(frame.columns) == list(columns)
        assert len(frame) == len(next(iter(columns.values()))) > 0
        assert not any(isinstance(cell, list | tuple | dict) for column in columns.values() for cell in column)

    def test_is_read_by_a_notebook_and_by_a_listener(self, displays: Displays, name: str) -> None:
        bundle = displays[name]._repr_mimebundle_()
        assert bundle["text/plain"].startswith(f"<{name} ")
        assert 'role="img"' in bundle["text/html"] and "<script" not in bundle["text/html"]
        assert displays[name].title and displays[name].describe().endswith(".")
        assert all(side > 0 for side in displays[name].size)


def test_type_checkers_and_readers_know_every_display() -> None:
    stub = Path(modelwright.display.__file__).with_name("__init__.pyi").read_text(encoding="utf-8")
    assert set(re.findall(r"import (\w+) as \1$", stub, flags=re.MULTILINE)) == {*DISPLAYS, "svg"}
    plots = (Path(__file__).parents[3] / "docs" / "plots.md").read_text(encoding="utf-8")
    assert set(DISPLAYS) <= set(re.findall(r"`(\w+Display)`", plots))


def test_colours_stand_out_on_white_and_on_dark() -> None:
    from modelwright.display.ink import SAFE

    def lightness(colour: str) -> float:
        parts = np.array(matplotlib.colors.to_rgb(colour))
        parts = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return float(parts @ [0.2126, 0.7152, 0.0722])

    dark = lightness("#121212")
    for colour in SAFE:
        assert 1.05 / (lightness(colour) + 0.05) >= 3
        assert (lightness(colour) + 0.05) / (dark + 0.05) >= 3
