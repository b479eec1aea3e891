"""What the columns of a table are: their kinds, how their cells are written, their domains."""

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self, final, get_args

from modelwright.core.errors import SchemaError, SpecError, listed, nearest

Kind = Literal["number", "category", "flag", "date", "text", "identifier", "constant"]
"""What a column means to a learner."""

Dtype = Literal["number", "boolean", "string", "date"]
"""How the cells of a column are stored; see `modelwright.core.table.Column`."""

KINDS: tuple[Kind, ...] = get_args(Kind)


@final
@dataclass(frozen=True, slots=True)
class Parsing:
    """How text cells become values, so that prediction reads them as training did.

    Attributes:
        missing: Texts that mean "no value" in this column, compared after stripping blanks; the empty text always does.
        decimal: Decimal mark of numbers, "." or ",".
        thousands: Thousands mark of numbers, or "" when there is none.
        affixes: Texts cut from either end of a number, such as "$" or "%".
        scale: Factor applied to a parsed number; 0.01 for percents read as shares is never assumed, so 1.0 today.
        formats: strptime formats of dates in the order they are tried, empty means ISO 8601; of a number the forms of
            times of day or durations (`modelwright.data.clock`), which are read as seconds, empty for other numbers.
        truths: Text of each boolean, as (false, true); empty for other columns.
    """

    missing: tuple[str, ...] = ()
    decimal: str = "."
    thousands: str = ""
    affixes: tuple[str, ...] = ()
    scale: float = 1.0
    formats: tuple[str, ...] = ()
    truths: tuple[str, ...] = ()


@final
@dataclass(frozen=True, slots=True)
class ColumnSchema:
    """One column: what it is and why we think so.

    Attributes:
        name: The user's name of the column, also the name of the model file's input.
        kind: What it means to a learner.
        dtype: How its cells are stored.
        reason: Why this kind was chosen, in a sentence a user reads.
        parsing: How text cells become values.
        levels: The most frequent distinct values as text (at most 50), for forms and documents; not a closed set.
        low: Smallest value seen (numbers; epoch microseconds for dates), or None. In a model file a bound that tells of
            no single row (`modelwright.export.domain`).
        high: Largest value seen, or None; likewise.
        missing_share: Share of missing cells seen, 0 to 1.
        n_distinct: Number of distinct values seen.
    """

    name: str
    kind: Kind
    dtype: Dtype
    reason: str = ""
    parsing: Parsing = field(default_factory=Parsing)
    levels: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    missing_share: float = 0.0
    n_distinct: int = 0

    @property
    def is_feature(self) -> bool:
        """Whether a learner may use the column: identifiers and constants say nothing about new rows."""
        return self.kind not in ("identifier", "constant")

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary; `from_json` reverses it."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Build a column from `to_json` output.

        Raises:
            SchemaError: A key is unknown or missing, or the kind is not one of ours.
        """
        try:
            fields = dict(value)
            if fields["kind"] not in KINDS:
                raise SchemaError(
                    f"Kind '{fields['kind']}' of column '{fields['name']}' is unknown. Kinds: {listed(KINDS)}."
                )
            if fields["dtype"] not in get_args(Dtype):
                raise SchemaError(f"Storage '{fields['dtype']}' of column '{fields['name']}' is unknown.")
            parsing: dict[str, Any] = {
                k: tuple(v) if isinstance(v, list) else v for k, v in fields.pop("parsing", {}).items()
            }
            fields["levels"] = tuple(fields.get("levels", ()))
            return cls(parsing=Parsing(**parsing), **fields)
        except (TypeError, KeyError, AttributeError) as error:
            raise SchemaError(f"A column of the schema cannot be understood: {error}.") from error


@final
@dataclass(frozen=True, slots=True)
class Schema:
    """The columns of a table, in order; shown, saved, edited, and enforced at prediction."""

    columns: tuple[ColumnSchema, ...]

    def __post_init__(self) -> None:
        """Refuse repeated names, which no later step could tell apart."""
        names = self.names
        if len(set(names)) != len(names):
            repeated = sorted({n for n in names if names.count(n) > 1})
            raise SchemaError(f"Column names must differ; repeated: {listed(repeated)}. Rename or drop them.")

    def __iter__(self) -> Iterator[ColumnSchema]:
        """Iterate over the columns in order."""
        return iter(self.columns)

    def __len__(self) -> int:
        """Return the number of columns."""
        return len(self.columns)

    def __contains__(self, name: object) -> bool:
        """Return whether a column of that name is here."""
        return name in self.names

    def __str__(self) -> str:
        from modelwright.core.schema_shown import as_text  # only who looks at it needs it

        return as_text(self.columns)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        from modelwright.core.schema_shown import as_html, as_text  # as above

        return {"text/plain": as_text(self.columns), "text/html": as_html(self.columns)}

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(c.name for c in self.columns)

    def column(self, name: str) -> ColumnSchema:
        """Return one column by name.

        Raises:
            SchemaError: No such column; the message suggests the nearest.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise SchemaError(
            f"Column '{name}' is not in the table.{nearest(name, self.names)} Columns: {listed(self.names)}."
        )

    def select(self, names: Iterable[str]) -> Self:
        """Return the schema of the named columns, in the order given."""
        by_name = {c.name: c for c in self.columns}  # a search per name would be quadratic in a wide table
        return type(self)(tuple(by_name[n] if n in by_name else self.column(n) for n in names))

    def drop(self, names: Iterable[str]) -> Self:
        """Return the schema without the named columns; every name must exist."""
        gone = {self.column(n).name for n in names}
        return type(self)(tuple(c for c in self.columns if c.name not in gone))

    def with_kinds(self, kinds: Mapping[str, str]) -> Self:
        """Return the schema with the kinds of the named columns set by the user.

        Raises:
            SpecError: A kind is unknown.
            SchemaError: A column is unknown.
        """
        for name, kind in kinds.items():
            self.column(name)
            if kind not in KINDS:
                raise SpecError(
                    f"Kind '{kind}' for column '{name}' is unknown.{nearest(kind, KINDS)} Kinds: {listed(KINDS)}."
                )
        return type(self)(
            tuple(
                dataclasses.replace(c, kind=kinds[c.name], reason="set by the user") if c.name in kinds else c  # type: ignore[arg-type]  # checked above
                for c in self.columns
            )
        )

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able dictionary; `from_json` reverses it."""
        return {"schema": "modelwright/schema/1", "columns": [c.to_json() for c in self.columns]}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Build a schema from `to_json` output, edited or not.

        Raises:
            SchemaError: It is not such a document.
        """
        if not isinstance(value, Mapping) or not isinstance(value.get("columns"), list):
            raise SchemaError(
                "This is not a schema document: it needs a list under 'columns'."
                " Make one with: modelwright schema data.csv -o schema.json"
            )
        return cls(tuple(ColumnSchema.from_json(c) for c in value["columns"]))


def words(name: str) -> frozenset[str]:
    """Return the lower-case words of a column's name, split at marks and at capitals."""
    parts = re.split(r"[^0-9A-Za-z]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name))
    return frozenset(p.lower() for p in parts if p)
