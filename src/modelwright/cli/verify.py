"""``modelwright verify``: audit a model file and prove its answers again."""

from typing import TYPE_CHECKING, Any

import click

from modelwright.cli.output import grid, show
from modelwright.cli.sign import trusted_key
from modelwright.cli.targets import either, for_target, in_turn, targets_document
from modelwright.core.errors import GateError, SpecError, counted

if TYPE_CHECKING:
    from modelwright.model.verify import Verification
    from modelwright.modelfile.signature import Signed


@click.command("verify", short_help="Audit a model file and prove its answers again.")
@click.argument("model")
@click.argument("data", required=False)
@for_target
@click.option("--public-key", metavar="FILE", help="Check the signature too, with this public key in PEM.")
@click.option("--signature", metavar="FILE", help="The signature; MODEL.sig by default.")
@click.option("--lenient", is_flag=True, help="Read cells of a wrong kind as missing instead of stopping.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
def verify(
    model: str,
    data: str | None,
    *,
    chosen: str | None,
    public_key: str | None,
    signature: str | None,
    lenient: bool,
    as_json: bool,
) -> None:
    """Audit the model file MODEL, check its seal, and repeat the answers that it keeps as a witness.

    With DATA, its rows are answered in bulk and one by one, which must agree. With --public-key, the signature that
    "modelwright sign" made must be of these bytes and by that key. Exit code 4 when answers differ, 6 when the file
    is refused.
    """
    if signature is not None and public_key is None:
        raise SpecError("--signature needs --public-key FILE: a signature says nothing before it is known by whom.")
    key = None if public_key is None else trusted_key(public_key)
    opened = either(model, chosen)
    whole = either(model) if key is not None and chosen is not None else opened  # signed is the whole file
    signed = None if key is None else key.check_beside(whole.to_bytes(), model, signature)
    from modelwright.model import verify as proof  # loads numpy and ONNX Runtime, which help must not
    from modelwright.model.joint import JointModel

    table = None
    if data is not None:
        from modelwright.data import read

        table = read(data, schema=opened.schema, lenient=lenient)
    if isinstance(opened, JointModel):
        each = {name: proof.verify(part, table) for name, part in opened.items()}
        text = in_turn(opened, lambda part: _text(model, each[part.manifest.target], signed))
        documents = {name: _document(found, signed) for name, found in each.items()}
        show(text, targets_document("verify", model, opened, documents), as_json=as_json)
    else:
        each = {opened.manifest.target: proof.verify(opened, table)}
        found = each[opened.manifest.target]
        show(_text(model, found, signed), _document(found, signed), as_json=as_json)
    for target, found in each.items():
        if not found.passed:
            raise GateError(
                f"'{model}' does not answer for '{target}' as it did when it was written"
                f" (allowed: {found.tolerance:g})."
            )


def _document(found: "Verification", signed: "Signed | None") -> dict[str, Any]:
    return {"schema": "modelwright/verify/1", **found.to_json(), "signature": signed and signed.to_json()}


def _text(model: str, found: "Verification", signed: "Signed | None") -> str:
    rows = [("File", f"{model}: audited, nothing foreign in it"), ("Seal", f"{found.digest} fits the bytes")]
    if signed is not None:
        rows.append(("Signature", f"by key {signed.key[:16]}…, fits the bytes"))
    if found.largest_difference is None:
        rows.append(("Witness", "the file keeps none"))
    else:
        rows.append(
            (
                "Witness",
                f"{counted(found.n_rows, 'answer')} repeated, largest difference {found.largest_difference:.1g}",
            )
        )
    if found.largest_row_difference is not None:
        text = (
            counted(found.n_given, "row")
            + f", in bulk and singly: largest difference {found.largest_row_difference:.1g}"
        )
        rows.append(("Data", text))
    rows.append(("Result", "passed" if found.passed else "FAILED"))
    return grid(rows)
