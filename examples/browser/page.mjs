// The page: a form made from the file's own columns, answered by onnxruntime-web as values change.

import * as ort from "./ort/ort.wasm.min.mjs";
import { columns, predict } from "./model.mjs";

const file = document.querySelector("#file");
const form = document.querySelector("#row");
const answer = document.querySelector("#answer");

ort.env.wasm.numThreads = 1; // more need a page that is isolated from others: COOP and COEP headers
ort.env.wasm.wasmPaths = new URL("./ort/", import.meta.url).href;

let session = null;
let schema = [];
let asked = 0;

file.addEventListener("change", async () => {
  form.hidden = true;
  try {
    const bytes = new Uint8Array(await file.files[0].arrayBuffer());
    schema = columns(bytes);
    session = await ort.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
    form.replaceChildren(...schema.map(field));
    form.hidden = false;
    await ask();
  } catch (error) {
    answer.textContent = `This file cannot be used: ${error.message}`;
  }
});

form.addEventListener("input", ask);
form.addEventListener("submit", (event) => event.preventDefault());

async function ask() {
  const turn = ++asked;
  try {
    const [found] = await predict(ort, session, schema, [row()]);
    if (turn === asked) answer.textContent = told(found);
  } catch (error) {
    if (turn === asked) answer.textContent = error.message;
  }
}

function told({ label, probabilities, prediction, ...others }) {
  if (probabilities) return `${label} (${Math.max(...probabilities).toPrecision(6)})`;
  return String(prediction ?? JSON.stringify(others));
}

function row() {
  return Object.fromEntries(schema.map((column, i) => [column.name, cell(column, form.elements[i].value)]));
}

function cell(column, value) {
  if (value === "") return null;
  if (column.dtype === "boolean") return value === "true";
  return column.dtype === "number" ? Number(value) : value;
}

function field(column) {
  const label = document.createElement("label");
  label.append(column.name, control(column));
  return label;
}

function control(column) {
  const choices = column.dtype === "boolean" ? ["true", "false"] : column.dtype === "string" ? column.levels : [];
  if (choices.length === 0 || choices.length > 100) {
    const input = document.createElement("input");
    input.type = column.dtype === "number" ? "number" : column.dtype === "date" ? "date" : "text";
    input.step = "any";
    return input;
  }
  const select = document.createElement("select");
  select.append(new Option("(not known)", ""), ...choices.map((choice) => new Option(choice, choice)));
  return select;
}
