/**
 * A model of one sum, as a thread of a service opens it: a film is good when its review has more praise than blame.
 * A word of the review can make the thread fail in the ways in which threads fail.
 */
import { setImmediate as immediate } from "node:timers/promises";
import { InvalidInput } from "../../data/index.ts";
import {
  compile,
  float32,
  type InferenceSession,
  input,
  openLocalInference,
  sum,
} from "../../tensor/index.ts";
import type { OpenedServable, Servable } from "../servable.ts";
import type { ServableSource } from "../thread-messages.ts";

export interface Review {
  readonly text: string;
}

export interface Sentiment {
  readonly label: string;
  readonly index: number;
  readonly probabilities: readonly { readonly label: string; readonly probability: number }[];
}

const weightOf: Readonly<Record<string, number>> = { good: 1, wonderful: 2, bad: -1, dull: -2, forever: 1e9 };
const labels = ["negative", "positive"];

export const film: Servable<Review, number[], Sentiment> = {
  prepare({ text }) {
    if (text === "exit") process.exit(3);
    if (text === "exhaust") exhaust();
    if (text === "throw") throw new Error("secret of the inside");
    if (text === "unreadable")
      throw new InvalidInput("unreadable", "the review cannot be read", { got: "scrawl" });
    return text.split(/\s+/).map((word) => weightOf[word.toLowerCase()] ?? 0);
  },
  lengthOf: (example) => example.length,
  collate(examples) {
    const longest = Math.max(...examples.map(({ length }) => length));
    const padded = examples.flatMap((example) => [
      ...example,
      ...new Array<number>(longest - example.length).fill(0),
    ]);
    return { words: float32([examples.length, longest], padded) };
  },
  respond: ({ score }) =>
    Array.from(score!.data, Number).map((score) => {
      const positive = 1 / (1 + Math.exp(-score));
      const index = positive > 0.5 ? 1 : 0;
      const probabilities = [1 - positive, positive].map((probability, i) => ({
        label: labels[i]!,
        probability,
      }));
      return { label: labels[index]!, index, probabilities };
    }),
  label: ({ label }) => label,
  probabilities: (answer) => answer.probabilities.map(({ probability }) => probability),
};

/** Takes memory until there is none. */
function exhaust(): never {
  const taken: number[][] = [];
  for (;;) taken.push(Array.from({ length: 1e6 }, Math.random));
}

const openFilmModel = (threads: number): Promise<InferenceSession> => {
  const words = input("words", "float32", ["batch", "sequence"]);
  const { bytes } = compile({ score: sum(words, { axes: [1] }) }, { parameters: new Map() });
  return openLocalInference(bytes, { threads });
};

export async function openServable(
  _options: unknown,
  { threads }: { readonly threads: number },
): Promise<OpenedServable<Review, number[], Sentiment>> {
  const model = await openFilmModel(threads);
  return {
    servable: film,
    model: {
      run: (inputs) => model.run(inputs),
      close: () => model.close(),
      /** Reads word by word: the outputs so far are those of the words so far. Of words without end it never comes to one. */
      async stream({ words }, onOutputs) {
        const values = Array.from(words!.data, Number);
        let outputs = await model.run({ words: float32([1, 1], values.slice(0, 1)) });
        for (let length = 1; length <= values.length; length++) {
          if (values[length] === weightOf.forever) length = 0;
          await immediate();
          outputs = await model.run({ words: float32([1, length], values.slice(0, length)) });
          onOutputs(outputs);
        }
        return outputs;
      },
    },
  };
}

export const filmSource: ServableSource = { module: import.meta.url, options: {} };
