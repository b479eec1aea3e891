"""The mixture as one fold left it, opened as a model: what would ship, without the cost of a fit."""

import modelwright
from modelwright.core.schema import Schema
from modelwright.core.task import Task
from modelwright.metrics.choose import metric_for
from modelwright.model.model import Model
from modelwright.modelfile.encode import encode
from modelwright.modelfile.manifest import Manifest, documents
from modelwright.pipeline.member import Member
from modelwright.pipeline.pipeline import Pipeline, used_columns
from modelwright.search.blend import Blend
from modelwright.search.store import Store


def draft(store: Store, chosen: Blend, schema: Schema, task: Task, *, fold: int = 0) -> Model:
    """Return the model of one fold: as fast as the one that would ship, within what folds differ.

    Args:
        store: The run folder; it holds what every member made of the fold.
        chosen: Members, weights and temperature.
        schema: All features.
        task: What is predicted.
        fold: Number of the fold.
    """
    products = {name: store.product(name, fold) for name in chosen.weights}
    members = tuple(
        Member(name, store.view(products[name].view, fold), products[name].fitted, weight, products[name].proof)
        for name, weight in chosen.weights.items()
    )
    used = used_columns(schema, members)
    manifest = Manifest(modelwright.__version__, task, "answer", metric_for("auto", task).name)
    graph = Pipeline(used, task, members, chosen.temperature).emit()
    return Model.open(encode(graph, documents(manifest, used)))
