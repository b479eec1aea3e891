"""The page in a real browser: with and without script, by keyboard, light and dark, on a phone."""

import csv
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from modelwright.model.model import Model

pytestmark = pytest.mark.slow
CSV = "id,age,member,city,since\n7,41.5,true,Rome,2024-01-31\n8,,false,Oslo,2020-05-05\n"
TOKEN = "a-token-of-some-length"
VIEWS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 860}},
    "phone": {"viewport": {"width": 360, "height": 740}},
    "dark": {"viewport": {"width": 1280, "height": 860}, "color_scheme": "dark"},
    "forced": {"viewport": {"width": 1280, "height": 860}, "forced_colors": "active"},
}


@pytest.fixture(scope="module")
def start(small_file: Callable[..., bytes], learned: dict[str, Model]) -> Iterator[Callable[..., str]]:
    """``start(kind, settings) -> address`` of a server with one model in a thread of this process."""
    uvicorn = pytest.importorskip("uvicorn")
    from modelwright.serve.app import application
    from modelwright.serve.settings import Settings

    running: list[tuple[Any, threading.Thread]] = []

    def begin(kind: str = "binary", settings: Any = None) -> str:
        model = learned[kind] if kind in learned else Model.open(small_file(kind))
        app = application({"small": model}, settings or Settings(log_level="error"))
        bound = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none"))
        thread = threading.Thread(target=server.run, args=([bound],))
        thread.start()
        running.append((server, thread))
        while not server.started:
            time.sleep(0.02)
        return f"http://127.0.0.1:{bound.getsockname()[1]}/"

    yield begin
    for server, thread in running:
        server.should_exit = True
        thread.join(20)


@pytest.fixture(scope="module")
def address(start: Callable[..., str]) -> str:
    return start()


@pytest.fixture
def opened(chromium: Any) -> Iterator[Callable[..., Any]]:
    """``opened(address, **context) -> page``; at the end no page may have complained."""
    contexts: list[Any] = []
    complaints: list[str] = []

    def open_page(address: str, **options: Any) -> Any:
        context = chromium.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [text for text in complaints if "status of 400" not in text and "status of 401" not in text] == []


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("kind", ["binary", "multiclass", "regression", "costs", "quantiles"])
def test_nothing_stands_in_the_way_of_anybody(start: Callable[..., str], opened: Any, kind: str, view: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = opened(start(kind), **VIEWS[view])
    page.wait_for_selector(".headline")
    found = axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")  # nothing to scroll sideways


def test_a_change_is_answered_at_once_and_alike_without_script(address: str, opened: Any) -> None:
    live, plain = opened(address), opened(address, java_script_enabled=False)
    before = live.inner_text(".headline")
    live.fill("#c0", "88")
    live.select_option("#c2", "Oslo")
    live.wait_for_function("before => document.querySelector('.headline').innerText !== before", arg=before)
    live.wait_for_function("!document.getElementById('answer').hasAttribute('aria-busy')")
    plain.fill("#c0", "88")
    plain.select_option("#c2", "Oslo")
    plain.click("button.first")
    plain.wait_for_load_state()  # where lines break is a matter of the style sheet
    assert plain.inner_text(".headline") == live.inner_text(".headline") != before
    assert plain.inner_text("table.why") == live.inner_text("table.why")
    assert plain.input_value("#c0") == "88"
    assert live.text_content("#told") == re.sub(r"\s+", " ", live.inner_text(".headline"))


def test_an_answer_is_kept_and_compared_by_keyboard_alone(address: str, opened: Any) -> None:
    page = opened(address)
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "keep":
            break
    page.keyboard.press("Enter")
    page.wait_for_selector(".compared.same")
    page.focus("#c2")
    page.keyboard.press("ArrowDown")
    page.wait_for_selector(".compared:not(.same)")
    assert re.search(r"[+−]\d+\.\d points against", page.inner_text(".compared"))
    assert page.evaluate("document.activeElement.id") == "c2"  # the answer takes no focus


def test_a_wrong_cell_is_marked_and_set_right(address: str, opened: Any) -> None:
    page = opened(address)
    page.evaluate("document.getElementById('c0').type = 'text'")  # browsers let no text into a number
    page.fill("#c0", "old")
    page.wait_for_selector("#answer .refused")
    assert page.get_attribute("#c0", "aria-invalid") == "true"
    assert page.text_content("#told").startswith("Column 'age'")
    page.fill("#c0", "44")
    page.wait_for_selector("#answer .headline")
    assert page.get_attribute("#c0", "aria-invalid") is None


@pytest.mark.parametrize("has_script", [True, False])
def test_a_chosen_file_is_downloaded_with_answers(
    address: str, opened: Any, tmp_path: Path, *, has_script: bool
) -> None:
    file = tmp_path / "rows.csv"
    file.write_text(CSV)
    page = opened(address, java_script_enabled=has_script)
    page.set_input_files("#file", str(file))
    with page.expect_download() as waiting:
        page.click("#table button")
    waiting.value.save_as(tmp_path / "answers.csv")
    header, *rows = csv.reader((tmp_path / "answers.csv").read_text().splitlines())
    assert header == ["id", "age", "member", "city", "since", "label", "probability_no", "probability_yes"]
    assert [row[0] for row in rows] == ["7", "8"]
    assert waiting.value.suggested_filename == ("rows_predictions.csv" if has_script else "predictions.csv")


def test_a_dropped_file_is_scored_or_told_what_is_wrong(address: str, opened: Any) -> None:
    page = opened(address)
    drop = """text => {
      const data = new DataTransfer();
      data.items.add(new File([text], "rows.csv", {type: "text/csv"}));
      document.querySelector(".drop").dispatchEvent(new DragEvent("drop", {dataTransfer: data, cancelable: true}));
    }"""
    with page.expect_download():
        page.evaluate(drop, CSV)
    page.evaluate(drop, CSV.replace("41.5", "old"))
    page.wait_for_selector("#file-told .refused")
    assert page.inner_text("#file-told") == "Column 'age', row 1: the cell is not a number."


def test_a_token_given_once_serves_the_whole_page(start: Callable[..., str], opened: Any) -> None:
    from modelwright.serve.access import token_digest
    from modelwright.serve.settings import Access, Settings

    page = opened(start("binary", Settings(access=Access((token_digest(TOKEN),)), log_level="error")))
    assert "token" in page.inner_text("h1")
    page.fill("#token-field", TOKEN)
    page.keyboard.press("Enter")
    page.wait_for_selector(".headline")
    before = page.inner_text(".headline")
    page.select_option("#c2", "Oslo")
    page.wait_for_function("before => document.querySelector('.headline').innerText !== before", arg=before)
    assert TOKEN not in page.url


def test_nothing_foreign_is_asked_for(address: str, chromium: Any) -> None:
    page = chromium.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.fill("#c0", "30")
    with page.expect_response("**/page/answer"):
        pass
    page.close()
    assert len(asked) >= 4
    assert all(url.startswith(address) for url in asked)
