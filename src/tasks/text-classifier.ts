/** Classifying a text: preparation, judgement and answers, whatever model stands between. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { int64, type NdArrays } from "../tensor/index.ts";
import { padTogether, type TextCleaning, type Tokenizer, textCleaning } from "../text/index.ts";
import { accuracy, confusionMatrix, f1, perClass, rocAuc } from "../train/index.ts";
import { classProbabilities } from "./class-probabilities.ts";
import type { Task } from "./task.ts";
import { textFeatures } from "./text-features.ts";

export interface TextInput {
  readonly text: string;
}

export interface LabelledText extends TextInput {
  /** Index into the labels. */
  readonly label: number;
  /** Columns that the configuration keeps: column to value. */
  readonly kept?: Readonly<Record<string, string>>;
}

export interface EncodedText {
  readonly ids: readonly number[];
  readonly label?: number;
}

/** The truth about a row, and what the model thinks of it. */
export interface ClassifiedText {
  readonly label: number;
  readonly predicted: number;
  readonly probabilities: readonly number[];
}

export interface LabelAnswer {
  readonly label: string;
  readonly index: number;
  readonly probabilities: readonly { readonly label: string; readonly probability: number }[];
}

export type TextClassifier = Task<LabelledText, TextInput, EncodedText, ClassifiedText, LabelAnswer>;

export interface TextClassifierOptions {
  readonly labels: readonly string[];
  /** Done to every text before it is tokenized. */
  readonly cleaning?: TextCleaning;
  readonly tokenizer: Tokenizer;
  /** Tokens that the model looks at; the rest of a text is cut off. */
  readonly maxLength: number;
}

/** The file in which a task is saved beside its tokenizer. */
export const taskFile = "task.json";

export function textClassifier({
  labels,
  cleaning = "none",
  tokenizer,
  maxLength,
}: TextClassifierOptions): TextClassifier {
  const clean = textCleaning(cleaning);
  return {
    prepare(input) {
      const { ids } = tokenizer.encode(clean(input.text), { maxLength });
      return "label" in input ? { ids, label: input.label } : { ids };
    },
    collate(examples) {
      const known = examples.flatMap(({ label }) => (label === undefined ? [] : [label]));
      return {
        ...padTogether(examples, tokenizer),
        ...(known.length === examples.length && { labels: int64([known.length], known) }),
      };
    },
    lengthOf: ({ ids }) => ids.length,
    outcomes({ labels: truth }, outputs) {
      return probabilityRows(outputs).map((probabilities, row) => ({
        label: Number(truth!.data[row]),
        predicted: indexOfLargest(probabilities),
        probabilities,
      }));
    },
    measure: (outcomes) => measure(outcomes, labels.length),
    judgedBy: { metric: "f1_macro", goal: "maximise" },
    respond(outputs) {
      return probabilityRows(outputs).map((probabilities) => {
        const index = indexOfLargest(probabilities);
        const named = labels.map((label, i) => ({ label, probability: probabilities[i]! }));
        return { label: labels[index]!, index, probabilities: named };
      });
    },
    label: ({ label }) => label,
    probabilities: (answer) => answer.probabilities.map(({ probability }) => probability),
    judge: ({ label }, { index, probabilities }) => ({
      ...{ label, predicted: index },
      probabilities: probabilities.map(({ probability }) => probability),
    }),
    features: ({ text }, { label, index, probabilities }) => ({
      ...textFeatures(text),
      ...{ label, confidence: probabilities[index]!.probability },
    }),
    async save(folder) {
      await tokenizer.save(folder);
      await writeFile(
        join(folder, taskFile),
        `${JSON.stringify({ labels, maxLength, cleaning }, null, 2)}\n`,
      );
    },
    confusions: (outcomes) => [{ labels, matrix: countConfusion(outcomes, labels.length) }],
    mistakes: (rows, outcomes) =>
      rows.flatMap(({ text, kept }, i) => {
        const { label, predicted, probabilities } = outcomes[i]!;
        if (label === predicted) return [];
        return [
          {
            text,
            ...kept,
            label: labels[label]!,
            predicted: labels[predicted]!,
            probability: probabilities[predicted]!,
          },
        ];
      }),
  };
}

/** `f1_macro` counts each class the same; two classes have one positive, the second, of which `f1` and `auroc` speak. */
function measure(outcomes: readonly ClassifiedText[], classes: number): Record<string, number> {
  const matrix = countConfusion(outcomes, classes);
  const ofAll = { accuracy: accuracy(matrix), f1_macro: f1(matrix, "macro") };
  if (classes > 2) return ofAll;
  const truth = outcomes.map(({ label }) => label);
  const scores = outcomes.map(({ probabilities }) => probabilities[1]!);
  return { ...ofAll, f1: perClass(matrix).f1[1]!, auroc: rocAuc(truth, scores) };
}

const countConfusion = (outcomes: readonly ClassifiedText[], classes: number): number[][] =>
  confusionMatrix(
    outcomes.map(({ label }) => label),
    outcomes.map(({ predicted }) => predicted),
    classes,
  );

/** Softmax of each row of the logits [batch, labels]. */
function probabilityRows({ logits }: NdArrays): number[][] {
  const [rows, classes] = logits!.shape as [number, number];
  const values = logits!.data as Float32Array;
  return Array.from({ length: rows }, (_, row) => {
    const scores = values.subarray(row * classes, (row + 1) * classes);
    return classProbabilities(scores, { name: "logits", row });
  });
}

const indexOfLargest = (values: readonly number[]): number => values.indexOf(Math.max(...values));
