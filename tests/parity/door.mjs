// node door.mjs PACKAGE FOLDER MODEL REQUEST: what ONNX Runtime in Node answers, as JSON; PACKAGE lies in FOLDER.
// Numbers travel as base64 of their bytes, so that no digit, no NaN and no infinity is lost on the way.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { columns, predict } from "../../examples/browser/model.mjs";

const [name, folder, modelPath, requestPath] = process.argv.slice(2);
const ort = createRequire(`${folder}/`)(name);
const bytes = new Uint8Array(readFileSync(modelPath));
const request = JSON.parse(readFileSync(requestPath, "utf8"));
const session = await ort.InferenceSession.create(bytes);

const ARRAYS = { float64: Float64Array, int64: BigInt64Array };
const unpacked = (type, text) => {
  const raw = Uint8Array.from(Buffer.from(text, "base64"));
  return new ARRAYS[type](raw.buffer);
};
const packed = (values) => Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64");

const found = {};
if (request.feeds) {
  const tensors = Object.entries(request.feeds).map(([column, { type, data }]) => {
    const values = type === "string" ? data : unpacked(type, data);
    return [column, new ort.Tensor(type, values, [values.length, 1])];
  });
  const outputs = await session.run(Object.fromEntries(tensors), ["label", "probabilities"]);
  found.label = Array.from(outputs.label.data);
  found.probabilities = packed(outputs.probabilities.data);
}
if (request.records) {
  const answers = await predict(ort, session, columns(bytes), request.records);
  found.records = answers.map(({ label }) => label);
  found.record_probabilities = packed(Float64Array.from(answers.flatMap(({ probabilities }) => probabilities)));
}
console.log(JSON.stringify(found));
