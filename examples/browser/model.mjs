// A model file in JavaScript: what it says of its columns, rows as its inputs, its outputs as answers.
// `ort` is onnxruntime-node, or onnxruntime-web in a browser; the code is the same.

const MISSING_DATE = -(2n ** 63n); // the smallest int64 stands for "no date"
const METADATA = 14; // the field of metadata_props in ONNX's ModelProto

/** Return the texts that a model file keeps about itself, by name, such as "modelwright.schema". */
export function metadata(bytes) {
  const found = new Map();
  for (const [field, entry] of fields(bytes)) {
    if (field !== METADATA) continue;
    const texts = new Map([...fields(entry)].map(([number, text]) => [number, new TextDecoder().decode(text)]));
    found.set(texts.get(1) ?? "", texts.get(2) ?? "");
  }
  return found;
}

/** Return the columns that a model file takes: name, dtype, and what it knows of their values. */
export function columns(bytes) {
  const text = metadata(bytes).get("modelwright.schema");
  if (text === undefined) throw new Error("This is not a model file of modelwright.");
  return JSON.parse(text).columns;
}

/** Return rows, objects of cells by column, as the inputs of a model: one tensor of shape (rows, 1) per column. */
export function inputs(ort, schema, rows) {
  const tensor = (column) => {
    const cells = rows.map((row) => row[column.name] ?? null);
    const dims = [rows.length, 1];
    if (column.dtype === "string") {
      const marks = new Set(column.parsing.missing);
      return new ort.Tensor("string", cells.map((cell) => text(cell, column.name, marks)), dims);
    }
    if (column.dtype === "date") {
      return new ort.Tensor("int64", BigInt64Array.from(cells, (cell) => microseconds(cell, column.name)), dims);
    }
    return new ort.Tensor("float64", Float64Array.from(cells, (cell) => number(cell, column.name)), dims);
  };
  return Object.fromEntries(schema.map((column) => [column.name, tensor(column)]));
}

/** Return what a model answers to rows: `label` and `probabilities`, or `prediction`, one of each per row. */
export async function predict(ort, session, schema, rows) {
  const outputs = await session.run(inputs(ort, schema, rows));
  const taken = Object.entries(outputs).map(([name, tensor]) => [name, perRow(tensor, rows.length)]);
  return rows.map((_, i) => Object.fromEntries(taken.map(([name, values]) => [name, values[i]])));
}

function perRow(tensor, n) {
  const values = Array.from(tensor.data);
  const width = n === 0 ? 1 : values.length / n;
  return tensor.dims.length === 1
    ? values
    : Array.from({ length: n }, (_, i) => values.slice(i * width, (i + 1) * width));
}

function text(cell, name, marks) {
  if (cell === null) return "";
  if (typeof cell !== "string") throw new TypeError(`Column '${name}' takes texts.`);
  const trimmed = cell.trim();
  return marks.has(trimmed) ? "" : trimmed;
}

function number(cell, name) {
  if (cell === null) return NaN;
  if (typeof cell !== "number" && typeof cell !== "boolean") throw new TypeError(`Column '${name}' takes numbers.`);
  return Number(cell);
}

// Dates are whole microseconds since 1970 in UTC; a number has too few digits for them, a BigInt does not.
function microseconds(cell, name) {
  if (cell === null) return MISSING_DATE;
  if (typeof cell === "bigint") return cell;
  const iso = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?)?$/.exec(cell);
  // Without a zone a moment is meant in UTC, which JavaScript takes for granted of plain dates only.
  const moment = iso === null ? NaN : Date.parse(iso[1] !== undefined && iso[4] === undefined ? `${cell}Z` : cell);
  if (Number.isNaN(moment)) throw new TypeError(`Column '${name}' takes dates such as 2024-01-31.`);
  return BigInt(moment) * 1000n;
}

// Protocol buffers, as far as metadata needs them: number and bytes of each field that has a length.
function* fields(bytes) {
  let place = 0;
  const varint = () => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      if (place >= bytes.length) throw new Error("The file is cut off.");
      const byte = bytes[place++];
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (place < bytes.length) {
    const tag = varint();
    const kind = tag % 8;
    if (kind === 0) varint();
    else if (kind === 1) place += 8;
    else if (kind === 5) place += 4;
    else if (kind === 2) {
      const end = varint() + place;
      if (end > bytes.length) throw new Error("The file is cut off.");
      yield [Math.floor(tag / 8), bytes.subarray(place, end)];
      place = end;
    } else throw new Error("This is not an ONNX file.");
  }
}
