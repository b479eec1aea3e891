"""The whole page as HTML, readable and usable without its script."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from typing import final

from modelwright.model.model import Model
from modelwright.serve.page.fields import Field, form_fields
from modelwright.serve.settings import MEGABYTE, Limits
from modelwright.serve.shelf import Asked, Joined


@final
@dataclass(frozen=True, slots=True)
class Shown:
    """What a page shows.

    Attributes:
        asked: The model, or the file of several targets.
        names: All models of the server.
        is_inner: Whether the address names the model, so that the server's own is two levels up.
        limits: Told beside the file.
        entered: What was entered, by field; empty at first.
        token: What let the caller in, or "".
        wrong: Name of the field that was refused, or "".
        told: The answer, as HTML.
        told_of_file: What is told of an uploaded file, as HTML.
    """

    asked: Asked
    names: tuple[str, ...]
    is_inner: bool
    limits: Limits
    entered: Mapping[str, str] = field(default_factory=dict)
    token: str = ""
    wrong: str = ""
    told: str = ""
    told_of_file: str = ""


def page(shown: Shown) -> str:
    """Return the page on which a model is tried."""
    asked = shown.asked
    models = asked.model.models if isinstance(asked, Joined) else (asked.model,)
    targets = ", ".join(model.manifest.target for model in models)
    found_fields = form_fields(asked.model.schema, shown.entered)
    fields = "\n".join(control_html(found, shown.wrong) for found in found_fields)
    token = f'<input type="hidden" name="token" value="{escape(shown.token)}">' if shown.token else ""
    links = "" if shown.token else ' · <a href="schema">Schema</a> · <a href="openapi.json">API</a>'
    main = f"""<div class="title"><h1>Try {escape(asked.name)}</h1>
<p>{escape(_sentence(models, len(found_fields)))}</p></div>
<div class="columns">
<form id="row" method="post" action="./" novalidate autocomplete="off" aria-labelledby="row-title">
{token}
<div class="head"><h2 id="row-title">One row</h2><p>Empty means unknown, which is allowed.</p></div>
<div class="fields">
{fields}
</div>
<div class="buttons">
<button type="submit" class="first">Predict</button>
<button type="submit" name="keep" value="1">Keep this answer to compare</button>
<a href="./" id="again">Start again</a>
</div>
</form>
<section class="answer" aria-labelledby="answer-title">
<h2 id="answer-title" class="hidden">Answer</h2>
<div id="answer">
{shown.told}
</div>
</section>
</div>
<p id="told" role="status"></p>
{_file_form(shown, token)}"""
    footer = f"File {escape(asked.model.digest[:12])}, made by modelwright {escape(models[0].manifest.version)}{links}"
    return _filled(f"{targets} · {asked.name}", _models(shown), main, footer)


def token_page(refusal: str) -> str:
    """Return the page that asks for a token; `refusal` is HTML that says what is wrong with the last one."""
    main = f"""<div class="title"><h1>A token is needed</h1>
<p>This server answers those who have one of its tokens. It is sent with each request and kept nowhere.</p></div>
<form id="token" method="post" action="./" class="token">
{refusal}
<div class="field"><label for="token-field">Token</label>
<input id="token-field" name="token" type="password" required autocomplete="off"></div>
<div class="buttons"><button type="submit" class="first">Open</button></div>
</form>"""
    return _filled("Token", "", main, "modelwright")


def closed_page(refusal: str) -> str:
    """Return the page that only says why there is none."""
    return _filled("Not now", "", f'<div class="title"><h1>Not now</h1></div>{refusal}', "modelwright")


def _filled(title: str, models: str, main: str, footer: str) -> str:
    return _template().substitute(title=escape(title), models=models, main=main, footer=footer)


@cache
def _template() -> Template:
    return Template((files(__package__) / "page.html").read_text(encoding="utf-8"))


def _sentence(models: tuple[Model, ...], n_columns: int) -> str:
    *first, last = map(_predicted, models)
    told = f"{', '.join(first)} and {last}" if first else last
    return f"Predicts {told} from {_columns(n_columns)}."


def _predicted(model: Model) -> str:
    target = model.manifest.target
    if model.task.quantiles:
        asked = ", ".join(f"{quantile:g}" for quantile in model.task.quantiles)
        return f"quantiles ({asked}) of {target}"
    if not model.classes:
        return f"the {'count' if model.task.name == 'count' else 'number'} {target}"
    names = ", ".join(map(str, model.classes[:6]))
    names += f" and {len(model.classes) - 6:,} others" if len(model.classes) > 6 else ""
    return f"{target} ({names})"


def _columns(n_columns: int) -> str:
    return "1 column" if n_columns == 1 else f"{n_columns:,} columns"


def _models(shown: Shown) -> str:
    if len(shown.names) < 2:
        return ""
    up = "../../" if shown.is_inner else ""
    items = [
        f'<li><a href="{up}models/{escape(name)}/"{" aria-current=page" if name == shown.asked.name else ""}>'
        f"{escape(name)}</a></li>"
        for name in shown.names
    ]
    return f'<nav aria-label="Models"><ul>{"".join(items)}</ul></nav>'


def control_html(found: Field, wrong: str) -> str:
    """Return one field with its label; `wrong` is the name of the field that was refused."""
    name, label = found.name, escape(found.label)
    hint = f'<p class="hint" id="{name}-hint">{escape(found.hint)}</p>' if found.hint else ""
    about = f' aria-describedby="{name}-hint"' if hint else ""
    about += ' aria-invalid="true"' if name == wrong else ""
    common = f'id="{name}" name="{name}"{about}'
    if found.control == "choice":
        options = "".join(
            f'<option value="{escape(value)}"{" selected" if value == found.value else ""}>{escape(text)}</option>'
            for value, text in found.options
        )
        control = f'<select {common}><option value="">(unknown)</option>{options}</select>'
    elif found.control == "suggestions":
        options = "".join(f'<option value="{escape(value)}"></option>' for value, _ in found.options)
        control = f'<input {common} list="{name}-list" value="{escape(found.value)}">'
        control += f'<datalist id="{name}-list">{options}</datalist>'
    elif found.control == "text":
        control = f'<textarea {common} rows="3">{escape(found.value)}</textarea>'
    else:
        ends = f' min="{found.low}" max="{found.high}"' if found.low else ""
        step = ' step="any"' if found.control in ("number", "datetime-local") else ""
        control = f'<input {common} type="{found.control}"{step}{ends} value="{escape(found.value)}">'
    wide = " wide" if found.control == "text" else ""
    return f'<div class="field{wide}"><label for="{name}">{label}</label>{control}{hint}</div>'


def _file_form(shown: Shown, token: str) -> str:
    limits = shown.limits
    return f"""<form id="table" method="post" action="./" enctype="multipart/form-data" aria-labelledby="table-title">
{token}
<h2 id="table-title">A whole file</h2>
<p id="table-hint">CSV with a header line: every column of the form, others are kept. The answers come back at the end
of each line. At most {limits.rows:,} rows and {limits.body_bytes / MEGABYTE:.3g} MB.</p>
<div class="drop"><label for="file">Drop a CSV file here, or choose one</label>
<input id="file" name="file" type="file" accept=".csv,text/csv" required aria-describedby="table-hint">
<button type="submit">Score and download</button></div>
<div id="file-told" role="status">{shown.told_of_file}</div>
</form>"""
