/** A preparation of words as their letters, as small as can be, and the module from which threads open it. */
import { isMainThread } from "node:worker_threads";
import { float32 } from "../../tensor/index.ts";
import type { Loadable, PreparationSource } from "../preparation.ts";

export interface WordOptions {
  readonly streamed?: true;
  /** What becomes of the thread that opens it. */
  readonly opening?: "fails";
}

export const wordSource = (options: WordOptions = {}): PreparationSource => ({
  module: import.meta.url,
  options,
});

/** A letter is its number in the alphabet; 100 more where a worker thread has prepared it, if asked to tell. */
export function words({ streamed }: WordOptions = {}): Loadable<string, Float32Array> {
  const prepare = (word: string) => {
    if (word === "?") throw new Error("there are no letters in ?");
    if (word === "end" && !isMainThread) process.exit(3);
    const offset = word === word.toUpperCase() && !isMainThread ? 100 : 0;
    return Float32Array.from(word.toLowerCase(), (letter) => letter.charCodeAt(0) - 96 + offset);
  };
  return {
    prepare,
    lengthOf: (letters) => letters.length,
    collate(examples) {
      const longest = Math.max(...examples.map(({ length }) => length));
      const letters = examples.flatMap((example) => [...example, ...Array(longest - example.length).fill(0)]);
      return { letters: float32([examples.length, longest], letters) };
    },
    ...(streamed && {
      streamed,
      prepareForTraining: (word: string, random: () => number) =>
        prepare(word).map((letter) => letter + random()),
    }),
  };
}

export async function open(options: WordOptions): Promise<Loadable<string, Float32Array>> {
  if (options.opening === "fails") throw new Error("there is no dictionary");
  return words(options);
}
