import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { float32, int64 } from "../tensor/index.ts";
import { loadTokenizer } from "../text/index.ts";
import { type ClassifiedText, type TextClassifier, textClassifier } from "./text-classifier.ts";

const vocabulary = fileURLToPath(new URL("../../projects/movie-reviews/tokenizer/", import.meta.url));

let classifier: TextClassifier;
let ofThree: TextClassifier;
beforeAll(async () => {
  const tokenizer = await loadTokenizer(vocabulary);
  classifier = textClassifier({ labels: ["negative", "positive"], tokenizer, maxLength: 6 });
  ofThree = textClassifier({ labels: ["negative", "neutral", "positive"], tokenizer, maxLength: 6 });
});

const logits = (...rows: number[][]) => ({
  logits: float32([rows.length, rows[0]!.length], rows.flat()),
});

test("a text becomes ids between [CLS] and [SEP], cut to the length that the model looks at", () => {
  expect(classifier.prepare({ text: "A warm film" })).toEqual({ ids: [101, 1037, 4010, 2143, 102] });
  expect(classifier.prepare({ text: "A warm film with a heart", label: 1 })).toEqual({
    ids: [101, 1037, 4010, 2143, 2007, 102],
    label: 1,
  });
});

test("a batch is padded together; labels only where every row has one", () => {
  const [short, long] = [{ ids: [1] }, { ids: [1, 2, 3] }];
  const { labels, ...batch } = classifier.collate([
    { ...short, label: 1 },
    { ...long, label: 0 },
  ]);
  expect(batch).toMatchObject({
    input_ids: { shape: [2, 3], data: BigInt64Array.of(1n, 0n, 0n, 1n, 2n, 3n) },
    attention_mask: { shape: [2, 3], data: BigInt64Array.of(1n, 0n, 0n, 1n, 1n, 1n) },
  });
  expect(labels).toMatchObject({ shape: [2], data: BigInt64Array.of(1n, 0n) });
  expect(classifier.collate([{ ...short, label: 1 }, long])).not.toHaveProperty("labels");
});

describe("answers", () => {
  test("name the label of the largest logit, with the probabilities of all", () => {
    const [answer] = classifier.respond(logits([0, Math.log(3)]));
    expect(answer).toMatchObject({ label: "positive", index: 1 });
    expect(classifier.probabilities!(answer!)).toEqual([expect.closeTo(0.25, 7), expect.closeTo(0.75, 7)]);
  });

  test("stay numbers where logits are large", () => {
    const [answer] = classifier.respond(logits([1e4, -1e4]));
    expect(classifier.probabilities!(answer!)).toEqual([1, 0]);
  });

  test("to a batch do not depend on the company", () => {
    const rows = [
      [0.3, -1],
      [2, 5],
    ];
    expect(classifier.respond(logits(...rows))).toEqual(
      rows.flatMap((row) => classifier.respond(logits(row))),
    );
  });
});

describe("judging", () => {
  const outcome = (label: number, ...probabilities: number[]): ClassifiedText => ({
    ...{ label, probabilities },
    predicted: probabilities.indexOf(Math.max(...probabilities)),
  });
  const outcomes = [outcome(1, 0.2, 0.8), outcome(1, 0.6, 0.4), outcome(0, 0.9, 0.1), outcome(0, 0.7, 0.3)];

  test("of two classes: accuracy, F1 and area of the second", () => {
    expect(classifier.measure(outcomes)).toEqual({
      accuracy: 0.75,
      f1: expect.closeTo(2 / 3, 10),
      f1_macro: expect.closeTo((2 / 3 + 4 / 5) / 2, 10),
      auroc: 1,
    });
  });

  test("of more classes: F1 is the mean of theirs", () => {
    const three = [outcome(0, 1, 0, 0), outcome(1, 0, 1, 0), outcome(2, 0, 1, 0)];
    expect(ofThree.measure(three)).toEqual({
      accuracy: expect.closeTo(2 / 3, 10),
      f1_macro: expect.closeTo((1 + 2 / 3 + 0) / 3, 10),
    });
  });

  test("rows of the confusion matrix are the truth", () => {
    const matrix = [
      [2, 0],
      [1, 1],
    ];
    expect(classifier.confusions?.(outcomes)).toEqual([{ labels: ["negative", "positive"], matrix }]);
  });

  test("mistakes are the rows that were judged wrongly, with what the model thought", () => {
    const rows = ["a", "b", "c", "d"].map((text, i) => ({ text, label: outcomes[i]!.label }));
    expect(classifier.mistakes(rows, outcomes)).toEqual([
      { text: "b", label: "positive", predicted: "negative", probability: 0.6 },
    ]);
  });
});

test.each([
  [Number.NaN, 0],
  [0, Number.POSITIVE_INFINITY],
])("logits of %s and %s are no answer", (first, second) => {
  const outputs = logits([0, 1], [first, second]);
  const message = `the logits of row 1 of the batch must be finite, got [${first}, ${second}]`;
  expect(() => classifier.respond(outputs)).toThrow(message);
  expect(() => classifier.outcomes({ labels: int64([2], [0, 1]) }, outputs, [])).toThrow(message);
});
