"""``modelwright verify``: audit a model file and prove its answers again."""

from typing import TYPE_CHECKING

import click

import modelwright
from modelwright.cli.output import grid, show
from modelwright.core.errors import GateError

if TYPE_CHECKING:
    from modelwright.model.verify import Verification


@click.command("verify", short_help="Audit a model file and prove its answers again.")
@click.argument("model")
@click.argument("data", required=False)
@click.option("--lenient", is_flag=True, help="Read cells of a wrong kind as missing instead of stopping.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
def verify(model: str, data: str | None, *, lenient: bool, as_json: bool) -> None:
    """Audit the model file MODEL, check its seal, and repeat the answers that it keeps as a witness.

    With DATA, its rows are answered in bulk and one by one, which must agree. Exit code 4 when answers differ, 6
    when the file is refused.
    """
    opened = modelwright.load(model)
    from modelwright.model import verify as proof  # loads numpy and ONNX Runtime, which help must not

    table = None
    if data is not None:
        from modelwright.data import read

        table = read(data, schema=opened.schema, lenient=lenient)
    found = proof.verify(opened, table)
    show(_text(model, found), {"schema": "modelwright/verify/1", **found.to_json()}, as_json=as_json)
    if not found.passed:
        raise GateError(f"'{model}' does not answer as it did when it was written (allowed: {found.tolerance:g}).")


def _text(model: str, found: "Verification") -> str:
    rows = [("File", f"{model}: audited, nothing foreign in it"), ("Seal", f"{found.digest} fits the bytes")]
    if found.largest_difference is None:
        rows.append(("Witness", "the file keeps none"))
    else:
        rows.append(
            ("Witness", f"{found.n_rows:,} answers repeated, largest difference {found.largest_difference:.1g}")
        )
    if found.largest_row_difference is not None:
        text = f"{found.n_given:,} rows, in bulk and one by one: largest difference {found.largest_row_difference:.1g}"
        rows.append(("Data", text))
    rows.append(("Result", "passed" if found.passed else "FAILED"))
    return grid(rows)
