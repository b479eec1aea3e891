import re
import xml.etree.ElementTree as ElementTree
from typing import Any

import matplotlib
import pytest

from modelwright.core.errors import SpecError
from modelwright.display.base import Display
from modelwright.display.catalog import DISPLAYS
from modelwright.display.svg import svg

Displays = dict[str, Display[Any]]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", DISPLAYS)
def test_every_picture_is_one_accessible_element(displays: Displays, name: str) -> None:
    display = displays[name]
    text = svg(display, "Title <1>", display.describe(), "fig-1")
    root = ElementTree.fromstring(text)
    assert root.tag == f"{SVG}svg" and root.get("role") == "img"
    assert root.get("aria-labelledby") == "fig-1-title fig-1-desc"
    assert root.find(f"{SVG}title").text == "Title <1>"
    assert root.find(f"{SVG}desc").text == display.describe()
    assert len(list(root.iter(f"{SVG}text"))) >= 3  # text stays text
    ids = [e.get("id") for e in root.iter() if e.get("id")]
    assert len(set(ids)) == len(ids) and all(i.startswith("fig-1-") for i in ids)
    named = re.findall(r"url\(#([^)]+)\)", text) + re.findall(r'href="#([^"]+)"', text)
    assert set(named) <= set(ids)
    assert not re.search(r"<(script|style|metadata|image)\b|<\?xml|<!DOCTYPE|(?:src|href)=\"(?!#)", text)
    assert len(text) < 120_000


def test_the_same_result_gives_the_same_bytes_whatever_the_user_has_set(displays: Displays) -> None:
    display = displays["RocDisplay"]
    first = svg(display, "a", "b", "p")
    with matplotlib.rc_context(
        {"font.size": 20, "axes.facecolor": "red", "axes.prop_cycle": matplotlib.cycler(color=["k"])}
    ):
        assert svg(display, "a", "b", "p") == first
        assert matplotlib.rcParams["font.size"] == 20


def test_text_takes_the_colour_of_the_page(displays: Displays) -> None:
    text = svg(displays["GainDisplay"], "a", "b", "p")
    assert "fill: currentColor" in text and "stroke: currentColor" in text
    assert "#000000" not in text and "#010203" not in text


@pytest.mark.parametrize("prefix", ["", "1a", "a b", 'a"', "ä"])
def test_a_prefix_that_is_no_word_is_refused(displays: Displays, prefix: str) -> None:
    with pytest.raises(SpecError, match="letters, digits and hyphens"):
        svg(displays["GainDisplay"], "a", "b", prefix)
