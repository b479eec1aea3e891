"""The page without its script: the form, the answer, the file, and who may see them."""

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelwright.core.schema import ColumnSchema, Parsing, Schema
from modelwright.model.model import Model
from modelwright.serve.access import token_digest
from modelwright.serve.exchange import Request
from modelwright.serve.page.answer import Answered, _classes
from modelwright.serve.page.fields import cells, form_fields, usual
from modelwright.serve.page.numbers import number, percent
from modelwright.serve.scoring import Answers
from modelwright.serve.settings import Access, Limits, Settings
from modelwright.serve.shelf import proven
from modelwright.serve.threaded import Threaded

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
ROW = {"c0": "41.5", "c1": "true", "c2": "Rome", "c3": "2024-01-31T00:00"}
CSV = b"id,age,member,city,since\n7,41.5,true,Rome,2024-01-31\n8,,false,Oslo,2020-05-05\n"
TOKEN = "a-token-of-some-length"


class Outline(HTMLParser):
    """The elements of a page with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.found if tag in tags]


@pytest.fixture(scope="module", params=["binary", "multiclass", "regression"])
def client(request: pytest.FixtureRequest, served: Callable[..., Any]) -> Any:
    return served(request.param)


@pytest.fixture(scope="module")
def binary(served: Callable[..., Any]) -> Any:
    return served("binary")


@pytest.fixture(scope="module")
def threaded(small_file: Callable[..., bytes]) -> Threaded:
    return Threaded(Model.open(small_file()), Settings(log_level="error"))


def multipart(file: bytes, **fields: str) -> tuple[bytes, str]:
    parts = [f'--b0\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode() for k, v in fields.items()]
    head = b'--b0\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\n'
    return b"".join([*parts, head, file, b"\r\n--b0--\r\n"]), "multipart/form-data; boundary=b0"


def test_a_browser_gets_the_page_and_a_probe_its_word(client: Any) -> None:
    page = client.get("/", headers=BROWSER)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"].startswith("default-src 'self';")
    assert client.get("/").text == "Healthy"
    assert client.get("/", headers={"accept": "text/plain"}).text == "Healthy"


def test_every_control_has_one_label_and_nothing_needs_more_than_self(client: Any) -> None:
    text = client.get("/", headers=BROWSER).text
    outline = Outline(text)
    controls = [a["id"] for a in outline.all("input", "select", "textarea") if a.get("type") != "hidden"]
    assert sorted(controls) == sorted(a["for"] for a in outline.all("label"))
    ids = [a["id"] for _, a in outline.found if a.get("id")]
    assert len(ids) == len(set(ids))
    assert all(a.get(key, "x") in ids or key not in a for a in outline.all("input") for key in ("aria-describedby",))
    assert not any(key == "style" or key.startswith("on") for _, a in outline.found for key in a)
    assert not re.search(r"<style|<script(?! src=)|https?://(?!www\.w3\.org)", text)
    for address in (a.get("href") or a.get("src") for a in outline.all("link", "script")):
        assert client.get(f"/{address}").status_code == 200
        assert client.get(f"/models/small/{address}").status_code == 200


def test_a_plain_post_is_answered_as_predict_answers(client: Any) -> None:
    page = client.post("/", data=ROW, headers=BROWSER)
    row = {"age": 41.5, "member": True, "city": "Rome", "since": "2024-01-31"}
    said = client.post("/predict", json=[row]).json()["predictions"][0]
    headline = unescape(re.search(r'class="headline">(.*?)</p>', page.text, re.S)[1])  # type: ignore[index]
    if "label" in said:
        assert f"<strong>{said['label']}</strong>" in headline
        assert percent(said[f"probability_{said['label']}"]) in headline
    else:
        assert f"<strong>{number(said['prediction'])}</strong>" in headline
    assert 'value="41.5"' in page.text
    assert client.post("/page/answer", data=ROW).text.strip() in page.text


def test_an_empty_field_is_a_missing_cell(binary: Any) -> None:
    page = binary.post("/page/answer", data={**ROW, "c0": "", "c2": ""})
    row = {"age": None, "member": True, "city": None, "since": "2024-01-31"}
    said = binary.post("/predict", json=[row]).json()["predictions"][0]
    assert percent(max(said["probability_no"], said["probability_yes"])) in page.text


def test_the_reasons_stand_with_the_answer(binary: Any) -> None:
    text = binary.post("/page/answer", data=ROW).text
    found = binary.post("/explain", json=[{"age": 41.5, "member": True, "city": "Rome", "since": "2024-01-31"}]).json()[
        "explanations"
    ][0]["yes"]["contributions"]
    strongest = max(found, key=lambda name: abs(found[name]))
    reasons = re.search(r'<table class="why">.*?<tbody>(.*?)</tbody>', text, re.S)[1]  # type: ignore[index]
    assert reasons.startswith(f'<tr><th scope="row">{strongest} ')
    assert reasons.count("<tr>") == 4


def test_moves_of_a_number_have_the_digits_of_the_largest(served: Callable[..., Any]) -> None:
    text = served("regression").post("/page/answer", data={**ROW, "c0": "200", "c2": "Oslo"}).text
    moves = re.findall(r"<td>([+−]?[\d.,]+)</td></tr>", text)
    assert len(moves) == 4
    assert {len(move.partition(".")[2]) for move in moves} == {2}


def test_a_kept_answer_is_compared_with_later_ones(binary: Any) -> None:
    kept = binary.post("/page/answer", data={**ROW, "keep": "1"}).text
    keepsake = re.search(r'name="kept" form="row" value="([^"]+)"', kept)[1]  # type: ignore[index]
    assert "±0.0 points" in kept
    later = binary.post("/page/answer", data={**ROW, "c2": "Oslo", "kept": keepsake}).text
    told = re.search(r'class="compared \w+">([^<]+)<', later)[1]  # type: ignore[index]
    assert re.fullmatch(r"\w+: [+−]\d+\.\d points against [\d.]+ % kept", told)
    for broken in ("x", "9:0.5", "-1:0.5", "0:nan", "0:<b>"):
        text = binary.post("/page/answer", data={**ROW, "kept": broken})
        assert text.status_code == 200
        assert "compared" not in text.text


def test_what_training_never_saw_is_told(binary: Any) -> None:
    text = binary.post("/page/answer", data={**ROW, "c0": "200"}).text
    assert "age is outside of what nearly all of training saw, 18 to 90." in text


def test_a_wrong_cell_is_named_at_its_field_and_not_repeated_in_the_answer(binary: Any) -> None:
    page = binary.post("/", data={**ROW, "c0": "<i>old"}, headers=BROWSER)
    assert page.status_code == 400
    control = next(a for a in Outline(page.text).all("input") if a.get("id") == "c0")
    assert control["aria-invalid"] == "true"
    assert "Column &#x27;age&#x27;, row 1" in page.text
    assert "<i>" not in page.text
    part = binary.post("/page/answer", data={**ROW, "c0": "<i>old"})
    assert 'role="alert" data-field="c0"' in part.text
    assert "old" not in part.text


@pytest.mark.parametrize("body", [b"\xff=1", b"c0=%ff", b"&".join([b"c0=1"] * 200)])
def test_a_damaged_form_is_refused(binary: Any, body: bytes) -> None:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    answer = binary.post("/page/answer", content=body, headers=kind)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text


def test_a_dropped_file_comes_back_with_answers(client: Any) -> None:
    answer = client.post("/page/table", content=CSV, headers={"content-type": "text/csv"})
    assert answer.status_code == 200
    assert "attachment" in answer.headers["content-disposition"]
    header, *rows = csv.reader(io.StringIO(answer.text))
    said = client.post("/predict", content=CSV, headers={"content-type": "text/csv"}).json()["predictions"]
    assert header == ["id", "age", "member", "city", "since", *said[0]]
    assert [row[0] for row in rows] == ["7", "8"]
    assert [row[5:] for row in rows] == [[str(v) for v in record.values()] for record in said]


def test_a_file_chosen_without_script_comes_back_too(binary: Any) -> None:
    body, kind = multipart(CSV)
    answer = binary.post("/", content=body, headers={"content-type": kind, **BROWSER})
    assert answer.content == binary.post("/page/table", content=CSV, headers={"content-type": "text/csv"}).content
    body, kind = multipart(CSV.replace(b"41.5", b"old"))
    page = binary.post("/", content=body, headers={"content-type": kind, **BROWSER})
    assert page.status_code == 400
    assert "Column &#x27;age&#x27;, row 1" in page.text
    assert 'class="headline"' in page.text


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=other", "text/plain"])
def test_a_damaged_upload_is_refused(binary: Any, kind: str) -> None:
    body, _ = multipart(CSV)
    assert binary.post("/", content=body, headers={"content-type": kind, **BROWSER}).status_code in (400, 405)


def test_a_column_of_the_name_of_an_answer_is_kept(binary: Any) -> None:
    body = CSV.replace(b"id,", b"label,", 1)
    answer = binary.post("/page/table", content=body, headers={"content-type": "text/csv"})
    assert answer.text.splitlines()[0].split(",")[5] == "label (predicted)"


@pytest.fixture(scope="module")
def of_learned(learned: dict[str, Model]) -> Callable[[str], str]:
    """``of_learned(name) -> text`` of the answer to one row, without the markup."""
    threaded = Threaded(learned, Settings(log_level="error"))

    def ask(name: str) -> str:
        headers = {"content-type": "application/x-www-form-urlencoded"}
        reply = threaded.reply(
            Request("POST", f"/models/{name}/page/answer", headers), io.BytesIO(b"c0=0.2&c1=0.1").read
        )
        assert reply.status == 200
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", reply.body.decode())).split())

    return ask


def test_quantiles_are_all_shown(of_learned: Callable[[str], str], learned: dict[str, Model]) -> None:
    low, middle, high = map(number, learned["quantiles"].predict_quantiles({"a": 0.2, "b": 0.1}).values())
    text = of_learned("quantiles")
    assert text.startswith(f"y, median {middle} Between {low} and {high} , 80 % of the time Quantiles")
    assert f"10 % lie below {low} 50 % lie below {middle} 90 % lie below {high}" in text
    assert f"Why {middle}" in text


def test_a_set_of_several_classes_is_called_unsure(of_learned: Callable[[str], str], learned: dict[str, Model]) -> None:
    found = learned["classes"].predict_set({"a": 0.2, "b": 0.1})
    text = of_learned("classes")
    assert ("Not sure. With 90 % confidence:" in text) == (len(found) > 1)
    assert all(label in text.partition("Probabilities")[0] for label in found)


def test_a_label_by_costs_is_told_with_them(of_learned: Callable[[str], str], learned: dict[str, Model]) -> None:
    row, model = {"a": 0.2, "b": 0.1}, learned["costs"]
    shares = model.predict_proba(row)
    label = model.predict(row)
    text = of_learned("costs")
    assert label == "high" != max(shares, key=lambda name: shares[name])
    assert text.startswith(f"y high {percent(shares['high'])} The class that costs least on average is given.")
    costs = np.array(list(shares.values())) @ np.array(model.task.decision.costs)  # type: ignore[union-attr]
    place = model.classes.index("high")
    assert f"high {percent(shares['high'])} {number(float(f'{costs[place]:.3g}'))}" in text
    assert f"Why high {percent(shares['high'])}" in text


def test_the_decided_class_is_shown_however_unlikely(learned: dict[str, Model]) -> None:
    served = proven("classes", learned["classes"])
    classes = tuple(f"c{place}" for place in range(12))
    shares = [0.2] + [0.08] * 9 + [0.05, 0.03]
    answered = Answered(served, {}, Answers(classes, [shares], ["c11"]), None)
    rows = re.findall(r'<th scope="row">(\w+)', _classes(answered))
    assert rows == ["c0", "c1", "c2", "c3", "c4", "c5", "c6", "c11", "4"]


def test_the_page_can_be_switched_off(served: Callable[..., Any]) -> None:
    client = served("binary", Settings(has_page=False, log_level="error"))
    assert client.get("/", headers=BROWSER).text == "Healthy"
    assert client.post("/", data=ROW).status_code == 405
    assert client.get("/page/page.js").status_code == 404


def test_a_token_opens_the_page_and_its_parts(served: Callable[..., Any]) -> None:
    client = served("binary", Settings(access=Access((token_digest(TOKEN),)), log_level="error"))
    first = client.get("/", headers=BROWSER)
    assert first.status_code == 401
    assert "member" not in first.text
    assert "none of the server" in client.post("/", data={"token": "wrong"}, headers=BROWSER).text
    page = client.post("/", data={"token": TOKEN}, headers=BROWSER)
    assert page.status_code == 200
    assert page.text.count(f'name="token" value="{TOKEN}"') == 2  # in both forms
    assert client.post("/page/answer", data=ROW).status_code == 401
    held = {"authorization": f"Bearer {TOKEN}"}
    assert client.post("/page/answer", data=ROW, headers=held).status_code == 200
    assert client.post("/page/table", content=CSV, headers={"content-type": "text/csv"}).status_code == 401
    body, kind = multipart(CSV, token=TOKEN)
    assert client.post("/", content=body, headers={"content-type": kind}).text.startswith("id,age")
    body, kind = multipart(CSV)
    assert client.post("/", content=body, headers={"content-type": kind}).status_code == 401


def test_limits_hold_on_the_page_too(served: Callable[..., Any]) -> None:
    client = served("binary", Settings(Limits(rows=1, body_bytes=500), log_level="error"))
    assert client.post("/page/table", content=CSV, headers={"content-type": "text/csv"}).status_code == 413
    assert client.post("/", data={"c0": "1" * 600}, headers=BROWSER).status_code == 413


def test_several_models_link_to_each_other(small_file: Callable[..., bytes]) -> None:
    model = Model.open(small_file())
    threaded = Threaded({"one": model, "two": model})
    texts = {
        path: threaded.reply(Request("GET", path, BROWSER), lambda _: b"").body.decode()
        for path in ("/", "/models/two/", "/models/three/")
    }
    links = {path: [a["href"] for a in Outline(text).all("a")] for path, text in texts.items()}
    assert {"models/one/", "models/two/"} <= set(links["/"])
    assert {"../../models/one/", "../../models/two/"} <= set(links["/models/two/"])
    assert "Models: one, two" in texts["/models/three/"]


def test_a_hostile_schema_stays_text() -> None:
    name = '<script>alert("1")</script>&"\''
    schema = Schema((ColumnSchema(name, "category", "string", levels=(name, '"><img src=x>')),))
    from modelwright.serve.page.document import control_html

    text = control_html(form_fields(schema, {})[0], "")
    assert "<script" not in text
    assert "<img" not in text
    assert unescape(text).count(name) >= 2


DAY = 86_400_000_000.0
COLUMNS = {
    "whole": ColumnSchema("a", "number", "number", low=0.0, high=9.0, n_distinct=10),
    "two": ColumnSchema("a", "number", "number", low=0.0, high=1.0, n_distinct=2),
    "unknown": ColumnSchema("a", "number", "number"),
    "tiny": ColumnSchema("a", "number", "number", low=1e-9, high=3e-9),
    "many": ColumnSchema("a", "category", "string", levels=tuple("abcdefghijklmnop"), n_distinct=900),
    "free": ColumnSchema("a", "text", "string", levels=("some words",)),
    "days": ColumnSchema("a", "date", "date", low=0.0, high=10 * DAY),
    "formats": ColumnSchema("a", "date", "date", low=0.0, high=DAY, parsing=Parsing(formats=("%d.%m.%Y",))),
    "flag": ColumnSchema("a", "flag", "boolean", parsing=Parsing(truths=("nein", "ja"))),
}


@pytest.mark.parametrize(
    ("column", "control", "value", "cell"),
    [
        ("whole", "number", "4", 4.0),
        ("two", "choice", "0", 0.0),
        ("unknown", "number", "", None),
        ("tiny", "number", "2e-09", 2e-9),
        ("many", "suggestions", "a", "a"),
        ("free", "text", "some words", "some words"),
        ("days", "date", "1970-01-06", "1970-01-06T00:00:00"),
        ("formats", "date", "1970-01-01", "01.01.1970"),
        ("flag", "choice", "true", True),
    ],
)
def test_every_kind_of_column_has_its_control_and_a_usual_value(
    column: str, control: str, value: str, cell: Any
) -> None:
    schema = Schema((COLUMNS[column],))
    (field,) = form_fields(schema, {})
    assert (field.control, field.value) == (control, value)
    assert cells(schema, {"c0": value}) == {"a": cell}
    assert usual(COLUMNS[column]) == value


def test_what_no_rule_reads_goes_to_the_model_as_it_is() -> None:
    schema = Schema((COLUMNS["whole"], ColumnSchema("b", "date", "date")))
    assert cells(schema, {"c0": "12_000", "c1": "someday"}) == {"a": "12_000", "b": "someday"}
    assert cells(schema, {"c0": "1e999", "c1": " "}) == {"a": "1e999", "b": None}
    assert datetime.fromisoformat(str(cells(schema, {"c1": "2024-02-29T10:30Z"})["b"])).tzinfo == UTC


@pytest.mark.parametrize(
    ("share", "told"),
    [(0.0, "0.0 %"), (1e-9, "under 0.1 %"), (0.5, "50.0 %"), (1 - 1e-9, "over 99.9 %"), (1, "100.0 %")],
)
def test_certainty_is_never_made_up(share: float, told: str) -> None:
    assert percent(share) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0.0, "0"),
        (1234567.8, "1,234,568"),
        (12.0, "12"),
        (0.123456, "0.12346"),
        (1e-7, "1e-07"),
        (float("inf"), "no number"),
    ],
)
def test_numbers_are_short(value: float, told: str) -> None:
    assert number(value) == told


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    entered=st.dictionaries(
        st.one_of(st.sampled_from(["c0", "c1", "c2", "c3", "keep", "kept", "token", "c9"]), st.text(max_size=5)),
        st.one_of(st.sampled_from(["", "nan", "-1e308", "true", "1:0.5", "9999-12-31T23:59", "0001-01-01"]), st.text()),
        max_size=6,
    )
)
def test_no_form_makes_it_fail(threaded: Threaded, entered: dict[str, str]) -> None:
    body = urlencode(entered, errors="replace").encode()
    headers = {"content-type": "application/x-www-form-urlencoded", **BROWSER}
    for path in ("/", "/page/answer"):
        pieces = iter([body])
        reply = threaded.reply(Request("POST", path, headers), lambda _, pieces=pieces: next(pieces, b""))
        assert reply.status in (200, 400)
        outline = Outline(reply.body.decode())
        assert len(outline.all("script")) == (path == "/")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    middle=st.one_of(st.binary(max_size=60), st.just(b'Content-Disposition: form-data; name="file"; filename="a"')),
    file=st.one_of(st.binary(max_size=60), st.just(CSV)),
    boundary=st.sampled_from(["b0", '"b0"', "", "b1"]),
)
def test_no_upload_makes_it_fail(threaded: Threaded, middle: bytes, file: bytes, boundary: str) -> None:
    body = b"--b0\r\n" + middle + b"\r\n\r\n" + file + b"\r\n--b0--\r\n"
    pieces = iter([body])
    headers = {"content-type": f"multipart/form-data; boundary={boundary}", **BROWSER}
    reply = threaded.reply(Request("POST", "/", headers), lambda _: next(pieces, b""))
    assert reply.status in (200, 400)
