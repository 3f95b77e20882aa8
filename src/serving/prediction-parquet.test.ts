import fc from "fast-check";
import { expect, test } from "vitest";
import { readParquet, writePredictions } from "./prediction-parquet.ts";

const json = fc
  .jsonValue({ maxDepth: 3, noUnicodeString: false })
  .map((value) => JSON.parse(JSON.stringify(value)));
const prediction = fc.record(
  {
    id: fc.string({ unit: "grapheme" }),
    project: fc.string(),
    modelVersion: fc.nat(),
    time: fc.nat({ max: 4e12 }),
    latencyMs: fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }),
    input: json,
    answer: json,
    probabilities: fc.array(fc.double({ min: 0, max: 1, noNaN: true })),
    label: fc.string({ unit: "grapheme" }),
    confidence: fc.double({ min: 0, max: 1, noNaN: true }),
  },
  { requiredKeys: ["id", "project", "modelVersion", "time", "latencyMs", "input", "answer"] },
);

test("a key that JavaScript knows is one like any other", async () => {
  const plain = { id: "1", project: "cards", modelVersion: 1, time: 0, latencyMs: 1, input: "" };
  const predictions = [{ ...plain, answer: JSON.parse('{"__proto__": 0, "constructor": 1}') }];
  expect(await readParquet(writePredictions(predictions))).toEqual(predictions);
});

test("predictions come back as they were written", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(prediction, { minLength: 1, maxLength: 20 }), async (predictions) => {
      expect(await readParquet(writePredictions(predictions))).toEqual(predictions);
    }),
    { numRuns: 100 },
  );
});
