"""The report in a real browser: nothing leaves it, nobody is shut out, it fits phone, desk and paper."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import modelwright

playwright = pytest.importorskip("playwright.sync_api")
axe_core = pytest.importorskip("axe_playwright_python.sync_playwright")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not on this machine"),
]

KINDS = ("binary", "multiclass", "regression", "letters", "wide", "quantile")
"""With classes as many as letters, with 80 columns of long names, a text, a date and groups, and with quantiles."""
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
WIDTHS = (390, 1280)
LARGEST = 2_000_000
TALLEST = 40_000
"""CSS pixels that a page is high at most on a phone, nothing unfolded: 80 columns make no page without an end."""


def rows_of(kind: str, n_rows: int, seed: int) -> dict[str, list[Any]]:
    """Return labelled rows whose texts try to break out of the page."""
    rng = np.random.default_rng(seed)
    size = rng.normal(50.0, 20.0, n_rows)
    colour = rng.choice(["<img src=x onerror=alert(1)>", "green", "blue"], n_rows)
    margin = (size - 50.0) / 10.0 + 1.5 * (colour == "green") + rng.logistic(size=n_rows)
    answer: list[Any] = [("no", "yes")[int(m > 0)] for m in margin]
    if kind == "multiclass":
        answer = [f"class {int(c)}" for c in np.clip(margin + 4, 0, 8) // 1]
    if kind in ("regression", "quantile"):
        answer = margin.round(2).tolist()
    rows = {"size": size.round(2).tolist(), "a long name of a colour": colour.tolist()}
    if kind == "letters":
        answer = [LETTERS[i % 26] for i in range(n_rows)]
        rows["width"] = [i % 26 + rng.normal(0, 0.4) for i in range(n_rows)]
    if kind == "wide":
        rows |= {f"measurement number {k} of the second series": rng.normal(size=n_rows).tolist() for k in range(74)}
        rows["note"] = [" ".join(rng.choice(["the", "parcel", "came", "late", "broken"], 6)) for _ in range(n_rows)]
        rows["joined"] = [f"2024-{1 + i % 12:02d}-{1 + i % 28:02d}" for i in range(n_rows)]
        rows["sex"] = rng.choice(["female", "male"], n_rows).tolist()
        rows["household"] = [i // 3 for i in range(n_rows)]
    return rows | {"answer": answer}


def asked(kind: str) -> modelwright.FitSpec:
    """Return what is asked of a fit of a kind."""
    if kind == "quantile":
        return modelwright.FitSpec(task="quantile", quantiles=(0.1, 0.5, 0.9))
    return modelwright.FitSpec(sensitive=("sex",), groups="household") if kind == "wide" else modelwright.FitSpec()


@pytest.fixture(scope="module", params=KINDS)
def page_file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    kind: str = request.param
    path = tmp_path_factory.mktemp("report") / f"{kind}.html"
    n_rows = 520 if kind == "letters" else 300
    budget = modelwright.Budget(trials=1)
    model = modelwright.fit(rows_of(kind, n_rows, 1), "answer", budget=budget, spec=asked(kind))
    modelwright.report(model, path, rows_of(kind, n_rows, 2), examples=2)
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(
            executable_path=CHROMIUM, args=["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        yield opened
        opened.close()


@pytest.fixture
def visit(browser: Any, page_file: Path) -> Iterator[Callable[..., Any]]:
    """``visit(**settings) -> page``, its requests and complaints in ``page.told``."""
    contexts = []

    def build(**settings: Any) -> Any:
        context = browser.new_context(**settings)
        contexts.append(context)
        page = context.new_page()
        page.told = []
        page.on("request", lambda request: page.told.append(request.url))
        page.on("console", lambda message: page.told.append(message.text))
        page.on("pageerror", lambda error: page.told.append(str(error)))
        page.on("dialog", lambda dialog: page.told.append(dialog.message))
        page.goto(page_file.as_uri())
        return page

    yield build
    for context in contexts:
        context.close()


def sized(width: int) -> dict[str, int]:
    """Return a viewport."""
    return {"width": width, "height": 800}


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_nobody_is_shut_out(visit: Callable[..., Any], scheme: str, width: int) -> None:
    # axe must run its script in the page, which the page's own policy forbids.
    page = visit(viewport=sized(width), color_scheme=scheme, bypass_csp=True)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    found = axe_core.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert len(found.response["passes"]) > 20  # it has looked


@pytest.mark.parametrize("scripts", [True, False])
def test_nothing_leaves_the_page_and_nothing_runs(visit: Callable[..., Any], page_file: Path, scripts: bool) -> None:
    page = visit(java_script_enabled=scripts)
    assert page.told == [page_file.as_uri()]
    assert page.title().startswith("answer")
    assert page.get_by_role("heading", level=1).inner_text() == "answer"


def test_without_scripts_every_number_can_still_be_opened(visit: Callable[..., Any]) -> None:
    page = visit(java_script_enabled=False)
    summary = page.locator("details.numbers > summary").first
    table = page.locator("details.numbers table").first
    assert not table.is_visible()
    summary.click()
    assert table.is_visible()


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_is_never_wider_than_the_screen(visit: Callable[..., Any], width: int) -> None:
    page = visit(viewport=sized(width))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # A picture too fine to be shrunk is moved sideways in a frame of its own.
    pictures = page.locator("figure .picture")
    widest = max(pictures.nth(i).bounding_box()["width"] for i in range(pictures.count()))
    assert widest <= width
    assert page.evaluate("document.documentElement.scrollHeight") <= TALLEST


def test_the_page_is_small(page_file: Path) -> None:
    assert page_file.stat().st_size <= LARGEST


def test_numbers_in_pictures_are_large_enough_on_a_phone(visit: Callable[..., Any]) -> None:
    page = visit(viewport=sized(390))
    size = "parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a"
    texts = "[...document.querySelectorAll('.picture.wide svg text')]"
    sizes = page.evaluate(f"{texts}.map(text => {size}).filter(size => size > 0.5)")  # turned texts have no size here
    assert min(sizes, default=8.0) >= 6.0


def test_letters_of_twice_the_size_still_fit(visit: Callable[..., Any]) -> None:
    page = visit(viewport=sized(640))
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.documentElement.scrollWidth") <= 640


def test_the_keyboard_reaches_the_verdict_first(visit: Callable[..., Any]) -> None:
    page = visit(viewport=sized(1280))
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#verdict"
    page.keyboard.press("Enter")
    page.wait_for_url("**#verdict", timeout=20_000)
    assert page.evaluate("location.hash") == "#verdict"


def test_light_and_dark_differ(visit: Callable[..., Any]) -> None:
    colour = "getComputedStyle(document.body).backgroundColor"
    light, dark = (visit(color_scheme=scheme).evaluate(colour) for scheme in ("light", "dark"))
    assert light == "rgb(255, 255, 255)"
    assert dark != light


def test_it_prints_on_a_few_pages(visit: Callable[..., Any]) -> None:
    page = visit(viewport=sized(1280))
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    printed = page.pdf(format="A4")
    assert printed.startswith(b"%PDF")
    n_pages = printed.count(b"/Type /Page\n") or printed.count(b"/Type /Page ")
    assert 3 <= n_pages <= 40
