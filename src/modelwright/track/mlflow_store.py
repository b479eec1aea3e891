"""Runs on an MLflow server or in its database: one run, a nested run per trial, the model, the report, the lineage.

A fit of several targets is a run with their one file, and nested in it such a run of each.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, final

from modelwright.core.errors import MissingExtraError, OutputError
from modelwright.data.address import shown
from modelwright.modelfile.manifest import dumps
from modelwright.track.base import Parcel, Store
from modelwright.track.record import Figure, Run, Tried

if TYPE_CHECKING:
    from modelwright.model.joint import JointModel
    from modelwright.model.model import Model

EXPERIMENT = "modelwright"
"""Experiment where neither the address nor MLFLOW_EXPERIMENT_NAME names one."""

_MOST_AT_ONCE = 90
"""Parameters in one call; MLflow takes 100."""

_MOST_METRICS = 900
"""The same of metrics, of which it takes 1,000."""

_LONGEST_PARAMETER = 6000
_LONGEST_TAG = 5000
_LONGEST_DIGEST = 36
_LONGEST_TARGET = 150  # of the 250 characters of a metric


@final
class MlflowStore(Store):
    """An MLflow tracking server or database; ``ADDRESS#EXPERIMENT`` names the experiment."""

    def __init__(self, address: str) -> None:
        self._address, _, self._experiment = address.partition("#")

    def check(self) -> None:
        """Import MLflow and ask the server for the experiment."""
        with _reached(self._address):
            self._experiment_id(_client(self._address))

    def keep(self, run: Run, parcel: Parcel) -> str:
        """Log a run with everything that belongs to it and return its address."""
        with _reached(self._address):
            client = _client(self._address)
            experiment = self._experiment_id(client)
            return self._place(experiment, self._log(client, experiment, run, parcel, tags=_tags(run)))

    def keep_targets(self, name: str, kept: Sequence[tuple[Run, Parcel]], model: "JointModel") -> str:
        """Log a run with the file of several targets, a nested run of each, and return its address."""
        began = min(run.began for run, _ in kept)
        ended = began + sum(run.seconds for run, _ in kept)
        tags = {
            "modelwright.status": kept[0][0].status,
            "modelwright.targets": ", ".join(model.targets)[:_LONGEST_TAG],
            "modelwright.model.digest": model.digest,
        }
        with _reached(self._address):
            client = _client(self._address)
            experiment = self._experiment_id(client)
            made = client.create_run(experiment, start_time=_ms(began), run_name=name, tags=tags)
            identity = made.info.run_id
            status = "FAILED"
            try:
                for run, parcel in kept:
                    self._log(client, experiment, run, parcel, tags={**_tags(run), "mlflow.parentRunId": identity})
                self._fill_whole(client, identity, kept, model, end=_ms(ended))
                status = "FINISHED"
            finally:
                client.set_terminated(identity, status, _ms(ended))
            return self._place(experiment, identity)

    def register(self, model: "Model | JointModel", name: str, alias: str | None = None) -> str:
        """Log a model to a run of its own, register it, and return its address among MLflow's models."""
        with _reached(self._address):
            client = _client(self._address)
            made = client.create_run(
                self._experiment_id(client), run_name=name, tags={"modelwright.status": "registered"}
            )
            status = "FAILED"
            try:
                from modelwright.track.mlflow import log_model  # imports MLflow

                with _pointed_at(self._address):
                    aliases = () if alias is None else (alias,)
                    info = log_model(model, run_id=made.info.run_id, registered_model_name=name, aliases=aliases)
                status = "FINISHED"
            finally:
                client.set_terminated(made.info.run_id, status)
        return f"models:/{name}@{alias}" if alias else f"models:/{name}/{info.registered_model_version}"

    def _place(self, experiment: str, identity: str) -> str:
        return f"{shown(self._address)}#/experiments/{experiment}/runs/{identity}"

    def _log(self, client: Any, experiment: str, run: Run, parcel: Parcel, *, tags: Mapping[str, str]) -> str:
        """Log one run with its trials, and return its identity."""
        made = client.create_run(experiment, start_time=_ms(run.began), run_name=run.name, tags=dict(tags))
        identity = str(made.info.run_id)
        status = "FAILED"
        try:
            self._fill(client, identity, run, parcel)
            for trial in run.tried:
                _log_trial(client, made.info, run, trial)
            status = "FAILED" if run.status == "failed" else "FINISHED"
        finally:
            client.set_terminated(identity, status, _ms(run.ended))
        return identity

    def _fill_whole(
        self, client: Any, identity: str, kept: Sequence[tuple[Run, Parcel]], model: "JointModel", *, end: int
    ) -> None:
        """Log what is of all targets: the file, and of each the figure that matters most, under its name."""
        from mlflow.entities import Metric

        from modelwright.track.mlflow import log_model

        mains = {f"{_metric_name(run.name)}.{run.metric}": run.main for run, _ in kept}
        numbers = {name: _numbers(replace(main, name=name)) for name, main in mains.items() if main is not None}
        metrics = [Metric(name, value, end, 0) for told in numbers.values() for name, value in told.items()]
        client.log_batch(identity, metrics=metrics[:_MOST_METRICS])
        with _pointed_at(self._address):
            log_model(model, run_id=identity)

    def _fill(self, client: Any, identity: str, run: Run, parcel: Parcel) -> None:
        from mlflow.entities import Metric, Param

        parameters = [Param(name, _short(value)) for name, value in run.parameters.items() if value is not None]
        for start in range(0, len(parameters), _MOST_AT_ONCE):
            client.log_batch(identity, params=parameters[start : start + _MOST_AT_ONCE])
        figures = (*run.figures, Figure("seconds", run.seconds))
        end = _ms(run.ended)
        metrics = [Metric(name, value, end, 0) for f in figures for name, value in _numbers(f).items()]
        for step, best in enumerate(run.course):
            moment = _ms(run.began + best.seconds)
            told = _numbers(Figure("best", best.score, best.low, best.high))
            metrics += [Metric(name, value, moment, step) for name, value in told.items()]
        client.log_batch(identity, metrics=metrics[:_MOST_METRICS])
        if run.data:
            client.log_inputs(identity, datasets=[_dataset(run)])
        client.log_text(identity, _dumped(run.to_json()), "run.json")
        if parcel.report is not None:
            client.log_text(identity, parcel.report.to_html(), "report.html")
            client.log_text(identity, _dumped(parcel.report.to_json()), "report.json")
        if parcel.model is not None:
            from modelwright.track.mlflow import log_model  # failed fits need none of it

            with _pointed_at(self._address):
                log_model(parcel.model, run_id=identity)

    def _experiment_id(self, client: Any) -> str:
        name = self._experiment or os.environ.get("MLFLOW_EXPERIMENT_NAME") or EXPERIMENT
        found = client.get_experiment_by_name(name)
        return str(found.experiment_id if found is not None else client.create_experiment(name))


def _log_trial(client: Any, parent: Any, run: Run, trial: Tried) -> None:
    """Log a trial as a run inside the run, its folds as steps."""
    from mlflow.entities import Metric, Param

    tags = {"mlflow.parentRunId": parent.run_id, "modelwright.state": trial.state, "modelwright.reason": trial.reason}
    made = client.create_run(parent.experiment_id, start_time=_ms(run.began), run_name=trial.id, tags=tags)
    identity = made.info.run_id
    values = {"weight": trial.weight, "loss": trial.loss, "loss_low": trial.loss_low, "loss_high": trial.loss_high}
    values |= {"energy_joules": trial.joules}
    if trial.folds:
        values["seconds"] = sum(fold.seconds for fold in trial.folds)
    end = _ms(run.ended)
    metrics = [Metric(name, value, end, 0) for name, value in values.items() if value is not None]
    for fold in trial.folds:
        told = {"fold_seconds": fold.seconds, "fold_loss": fold.loss}
        metrics += [Metric(name, value, end, fold.number) for name, value in told.items() if value is not None]
    client.log_batch(identity, metrics=metrics, params=[Param("id", trial.id), Param("family", trial.family)])
    client.set_terminated(identity, "FAILED" if trial.state == "failed" else "FINISHED", end)


def _dataset(run: Run) -> Any:
    """Return the lineage: MLflow's digest is a part of ours, which stands whole in the profile."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    source = str(run.data.get("source") or "not told")
    known = Dataset(
        name=str(run.parameters.get("target") or run.name),
        digest=str(run.data.get("sha256", ""))[:_LONGEST_DIGEST],
        source_type="local",
        source=json.dumps({"uri": source}),
        profile=json.dumps(dict(run.data)),
    )
    return DatasetInput(known, [InputTag("mlflow.data.context", "training")])


def _tags(run: Run) -> dict[str, str]:
    told = {
        "modelwright.status": run.status,
        "modelwright.error": run.error,
        "modelwright.data.sha256": run.data.get("sha256"),
        "modelwright.model.digest": run.model.get("digest"),
        "mlflow.note.content": "\n\n".join(run.notes),
    }
    return {name: str(value)[:_LONGEST_TAG] for name, value in told.items() if value}


def _numbers(figure: Figure) -> dict[str, float]:
    """Return a figure as three metrics: the value and the ends of its interval."""
    values = {figure.name: figure.value, f"{figure.name}_low": figure.low, f"{figure.name}_high": figure.high}
    return {name: float(value) for name, value in values.items() if value is not None}


def _metric_name(target: str) -> str:
    """Return the name of a target without what MLflow refuses in the name of a metric."""
    return re.sub(r"[^\w.\- ]", "_", target)[:_LONGEST_TARGET]


def _dumped(value: Mapping[str, Any]) -> str:
    return json.dumps(json.loads(dumps(value, "run")), ensure_ascii=False, indent=1)


def _short(value: Any) -> str:
    return str(value)[:_LONGEST_PARAMETER]


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _client(address: str) -> Any:
    try:
        from mlflow import MlflowClient  # takes seconds, so only when runs are kept there
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "mlflow":
            raise
        raise MissingExtraError("Keeping runs with MLflow", "mlflow") from error
    return MlflowClient(tracking_uri=address)


@contextmanager
def _pointed_at(address: str) -> Iterator[None]:
    """Make an address the one that MLflow's fluent calls use, which have no other way to be told; then put it back."""
    import mlflow

    before = mlflow.get_tracking_uri() if mlflow.is_tracking_uri_set() else None
    mlflow.set_tracking_uri(address)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(before)


@contextmanager
def _reached(address: str) -> Iterator[None]:
    """Turn what MLflow says into an error that names the address."""
    try:
        yield
    except MissingExtraError:
        raise
    except _mlflow_errors() as error:
        raise OutputError(f"The MLflow address '{shown(address)}' cannot be used: {error}") from error


def _mlflow_errors() -> tuple[type[Exception], ...]:
    try:
        from mlflow.exceptions import MlflowException
    except ModuleNotFoundError:
        return (OSError,)
    return (MlflowException, OSError)
