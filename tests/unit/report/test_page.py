import itertools
import re
from collections import Counter
from html.parser import HTMLParser
from typing import Any

import pytest

from modelwright.report.page import POLICY, fragment
from modelwright.report.report import Report

LARGEST = 2_000_000
VOID = {"meta", "link", "br", "hr", "img", "input"}


class Page(HTMLParser):
    """Collects what the tests ask about a page, and checks that its elements nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and data.strip():
            self.texts.append((self.open[-1], data.strip()))

    def named(self, *tags: str) -> list[dict[str, str | None]]:
        """Return the attributes of every element of these tags."""
        return [attrs for tag, attrs in self.elements if tag in tags]


@pytest.fixture(scope="module", params=["alone", "rich", "priced_report"])
def report(request: pytest.FixtureRequest) -> Report:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def text(report: Report) -> str:
    return report.to_html()


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_a_page_says_its_language_and_title_and_has_one_heading_of_the_first_rank(page: Page) -> None:
    assert page.named("html") == [{"lang": "en"}]
    assert len(page.named("h1")) == len(page.named("main")) == 1
    assert any(tag == "title" and "model report" in said for tag, said in page.texts)


def test_headings_never_skip_a_rank(page: Page) -> None:
    ranks = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert ranks[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(ranks))


def test_every_element_is_closed(page: Page) -> None:
    assert page.open == []


def test_ids_are_unique_and_every_reference_has_its_id(page: Page) -> None:
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert [name for name, n in Counter(ids).items() if n > 1] == []
    wanted = [href[1:] for attrs in page.named("a", "use") if (href := attrs.get("href") or "").startswith("#")]
    for _, attrs in page.elements:
        wanted += (attrs.get("aria-labelledby") or "").split()
    assert set(wanted) <= set(ids)


def test_nothing_is_fetched_and_nothing_runs(page: Page, text: str) -> None:
    assert not {"script", "iframe", "link", "object", "embed", "form"} & {tag for tag, _ in page.elements}
    for _, attrs in page.elements:
        assert not [name for name in attrs if name.startswith("on")]
        for name in ("src", "href", "xlink:href", "action", "data"):
            assert not (attrs.get(name) or "").startswith(("http", "//", "file"))
    assert not re.search(r"url\(\s*['\"]?(?!#)", text)
    assert "@import" not in text
    assert {"http-equiv": "Content-Security-Policy", "content": POLICY} in page.named("meta")


def test_a_page_weighs_less_than_two_megabytes(text: str) -> None:
    assert len(text.encode()) < LARGEST


def test_texts_from_the_data_stay_texts(page: Page, text: str) -> None:
    assert "<script" not in text
    assert "<b>yes" not in text
    assert not any("onload" in attrs for _, attrs in page.elements)


def test_hostile_names_are_still_shown(rich: Report, evil: str) -> None:
    shown = " ".join(said for _, said in Page(rich.to_html()).texts)
    assert evil in shown
    assert "<b>yes</b>" in shown


def test_every_picture_has_a_name_and_its_numbers_in_a_table(report: Report, page: Page) -> None:
    pictures = [attrs for attrs in page.named("svg") if attrs.get("aria-hidden") != "true"]
    charts = [block for part in report.parts for block in part.blocks if block.to_json()["kind"] == "chart"]
    assert len(pictures) == len(charts)
    assert all(attrs["role"] == "img" and attrs["aria-labelledby"] for attrs in pictures)
    summaries = [said for tag, said in page.texts if tag == "summary"]
    for chart in charts:
        assert chart.numbers.caption in summaries
        assert len(chart.numbers.rows) > 1


def test_every_table_has_a_caption_and_headings_that_say_something(page: Page) -> None:
    assert len(page.named("caption")) == len(page.named("table"))
    assert {attrs.get("scope") for attrs in page.named("th")} <= {"col", "row"}


def test_a_level_is_said_in_a_word_and_a_shape(report: Report, text: str) -> None:
    for light in report.verdict.lights:
        assert f"<strong>{light.word}</strong>" in text
        assert f'class="icon {light.level}"' in text


def test_every_section_names_the_command_that_makes_it_again(report: Report) -> None:
    silent = {part.name for part in report.parts if not part.command}
    assert silent <= {"run", "rows", "energy", "limits", "calls"}


def test_a_notebook_gets_the_verdict_without_a_script(report: Report) -> None:
    bundle = report._repr_mimebundle_()
    assert bundle["text/html"] == fragment(report)
    assert "<script" not in bundle["text/html"]
    assert Page(bundle["text/html"]).open == []
    assert report.verdict.sentence in bundle["text/plain"]
