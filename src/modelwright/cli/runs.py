"""``modelwright runs``: list, show, compare and prune the runs that were kept in a folder."""

import datetime as dt
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, final

import click

from modelwright.cli.catalog import RUNS
from modelwright.cli.output import ends_text, grid, note, printable, show
from modelwright.core.catalog import load
from modelwright.core.errors import SpecError, counted, listed, nearest

if TYPE_CHECKING:
    from modelwright.track.folder import Kept
    from modelwright.track.record import Figure, Run

_folder = click.option(
    "--dir", "folder", default="modelwright-runs", show_default=True, metavar="DIR", help="Where the runs are."
)
_json = click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_MARKS = {"finished": "", "interrupted": "interrupted", "failed": "failed"}


@final
class _Group(click.Group):
    """The commands of `RUNS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Return the names of the commands."""
        return list(RUNS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's signature
        """Return a command, or None when there is none of that name."""
        return load(RUNS, cmd_name, "command") if cmd_name in RUNS else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments name; a misspelt one is told the nearest."""
        if args and args[0] not in RUNS and not args[0].startswith("-"):
            ctx.fail(f"There is no command '{args[0]}'.{nearest(args[0], RUNS)} Commands: {listed(RUNS)}.")
        return super().resolve_command(ctx, args)


@click.command(
    "runs",
    cls=_Group,
    short_help="List, show, compare and prune the runs that were kept.",
    no_args_is_help=False,  # the whole help would be told as the text of an error
)
def runs() -> None:
    """List, show, compare and prune the runs that `modelwright fit --track DIR` kept in a folder.

    A run is named by its folder, by the beginning of that name, or by its place in the list: 1 is the newest. A fit of
    several targets has a run of each.
    """


@click.command("list", short_help="List the runs, newest first.")
@_folder
@_json
def list_runs(folder: str, *, as_json: bool) -> None:
    """List the runs, newest first, with the score that mattered most."""
    found = _read(folder)
    document = {"schema": "modelwright/runs/1", "runs": [_line(kept) for kept in found]}
    head = ["", "run", "target", "metric", "score", "interval", "time", ""]
    rows = [[str(place), *_cells(kept)] for place, kept in enumerate(found, 1)]
    show(grid([head, *rows], right=frozenset({0, 4, 6})) if rows else "There are no runs.", document, as_json=as_json)


@click.command("show", short_help="Show everything that was kept of a run.")
@click.argument("run")
@_folder
@_json
def show_run(run: str, folder: str, *, as_json: bool) -> None:
    """Show everything that was kept of RUN."""
    from modelwright.track.folder import find_run  # loads numpy, which help must not

    kept = find_run(_read(folder), run)
    document = {**kept.run.to_json(), **_places(kept)}
    show("\n\n".join(filter(None, _sections(kept))), document, as_json=as_json)


@click.command("compare", short_help="Show runs side by side.")
@click.argument("names", nargs=-1, required=True, metavar="RUN RUN...")
@_folder
@_json
def compare_runs(names: tuple[str, ...], folder: str, *, as_json: bool) -> None:
    """Show runs side by side: the parameters in which they differ, and every metric with its interval.

    Whether one model is better than another is tested by `modelwright compare` on labelled rows.
    """
    from modelwright.track import comparison  # loads numpy, which help must not
    from modelwright.track.folder import find_run

    found = _read(folder)
    compared = comparison.compare_runs([find_run(found, name) for name in names])
    rows = [["", *compared.ids]]
    rows += [[name, *map(_setting, values)] for name, values in compared.differing.items()]
    rows += [[name, *map(_figure, figures)] for name, figures in compared.figures.items()]
    show("\n".join([grid(rows), *compared.notes]), compared.to_json(), as_json=as_json)


@click.command("prune", short_help="Remove runs that are no longer wanted.")
@click.option("--keep", type=click.IntRange(min=0), metavar="N", help="Remove all but the newest N.")
@click.option("--older-than", metavar="TIME", help="Remove those that began longer ago: 12h, 30d.")
@click.option("--failed", is_flag=True, help="Remove only those that gave no model.")
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
@_folder
@_json
def prune_runs(
    keep: int | None, older_than: str | None, folder: str, *, failed: bool, dry_run: bool, as_json: bool
) -> None:
    """Remove the folders of the runs that every option given means; without any option nothing is removed.

    A fit of several targets is removed when all of its runs are meant.
    """
    if keep is None and older_than is None and not failed:
        raise SpecError("Say which runs: --keep N, --older-than 30d, --failed, or several. Try it with --dry-run.")
    from modelwright.track.folder import remove_fit  # loads numpy, which help must not

    found = _read(folder)
    limit = None if older_than is None else time.time() - _age(older_than)
    going = [
        kept
        for place, kept in enumerate(found)
        if (keep is None or place >= keep)
        and (limit is None or kept.run.began < limit)
        and (not failed or kept.run.status == "failed")
    ]
    staying = {kept.fit for kept in found if kept not in going}
    going = [kept for kept in going if kept.fit not in staying]  # a fit of several targets goes as a whole
    for fit in () if dry_run else dict.fromkeys(kept.fit for kept in going):
        remove_fit(fit)
    word = "Would remove" if dry_run else "Removed"
    document = {"schema": "modelwright/runs-prune/1", "removed": [k.id for k in going], "dry_run": dry_run}
    lines = [f"{word} {len(going)} of {counted(len(found), 'run')}.", *(f"  {kept.id}" for kept in going)]
    show("\n".join(lines), document, as_json=as_json)


def _read(folder: str) -> "tuple[Kept, ...]":
    from modelwright.track.folder import read_runs  # loads numpy, which help must not

    found, troubles = read_runs(folder)
    for trouble in troubles:
        note(trouble)
    return found


def _age(text: str) -> float:
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhd])\s*", text, re.ASCII)
    if match is None:
        raise SpecError(f"'{text}' is not an age. Write minutes, hours or days: 30m, 12h, 30d.")
    return float(match[1]) * _UNITS[match[2]]


def _line(kept: "Kept") -> dict[str, object]:
    run, main = kept.run, kept.run.main
    return {
        "id": kept.id,
        "name": run.name,
        "status": run.status,
        "began": _moment(run.began),
        "seconds": round(run.seconds, 3),
        "target": run.parameters.get("target"),
        "task": run.parameters.get("task"),
        "metric": run.metric,
        "score": main and main.value,
        "low": main and main.low,
        "high": main and main.high,
        "data_sha256": run.data.get("sha256"),
        "error": run.error,
        **_places(kept),
    }


def _places(kept: "Kept") -> dict[str, str | None]:
    places: dict[str, Path | None] = {"path": kept.path, "model_path": kept.model_path, "report_path": kept.report_path}
    return {name: None if path is None else str(path) for name, path in places.items()}


def _cells(kept: "Kept") -> list[str]:
    run, main = kept.run, kept.run.main
    value = "–" if main is None or main.value is None else f"{main.value:.4g}"
    reach = "–" if main is None else ends_text(main.low, main.high)
    told = printable(_MARKS[run.status] + (f": {run.error}" if run.error else ""), 60)
    target = printable(str(run.parameters.get("target", "–")), 20)
    return [kept.id, target, run.metric or "–", value, reach, f"{run.seconds:.0f} s", told]


def _sections(kept: "Kept") -> list[str]:
    run = kept.run
    facts = [("Run", kept.id), ("Status", run.status), ("Began", _moment(run.began)), ("Time", f"{run.seconds:.1f} s")]
    facts += [("Error", printable(run.error, 200))] if run.error else []
    facts += [(name, str(place)) for name, place in (("Model", kept.model_path), ("Report", kept.report_path)) if place]
    facts += [(f"data.{name}", _setting(value)) for name, value in run.data.items()]
    parameters = [(name, _setting(value)) for name, value in run.parameters.items()]
    figures = [(figure.name, _figure(figure)) for figure in run.figures]
    tables = [grid(rows) if rows else "" for rows in (facts, parameters, figures, _trials(run))]
    return [*tables, "\n".join(run.notes)]


def _trials(run: "Run") -> list[list[str]]:
    if not run.tried:
        return []
    head = ["trial", "family", "state", "weight", "loss", "95 % interval", "folds", "seconds", ""]
    rows = []
    for trial in run.tried:
        loss = "–" if trial.loss is None else f"{trial.loss:.4g}"
        seconds = f"{sum(fold.seconds for fold in trial.folds):.1f}"
        told = [
            f"{trial.weight:.2f}",
            loss,
            ends_text(trial.loss_low, trial.loss_high),
            str(len(trial.folds)),
            seconds,
            printable(trial.reason, 60),
        ]
        rows.append([trial.id, trial.family, trial.state, *told])
    return [head, *rows]


def _figure(figure: "Figure | None") -> str:
    if figure is None or figure.value is None:
        return "–"
    if figure.low is None or figure.high is None:
        return f"{figure.value:.4g}"
    return f"{figure.value:.4g} ({figure.low:.4g} to {figure.high:.4g})"


def _setting(value: object) -> str:
    return "–" if value is None else printable(str(value))


def _moment(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, tz=dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
