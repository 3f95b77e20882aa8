import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Runtime } from "../../tensor/execution/runtime.ts";
import { compile, input, int64, logSoftmax } from "../../tensor/index.ts";
import { initialize, namedParameters } from "../module.ts";
import { seq2seq } from "../seq2seq.ts";
import { GoldenModel, largestDifference } from "../testing/golden-model.ts";
import type { Generated } from "./beam-search.ts";
import { type GenerateOptions, type Generator, openGenerator } from "./generator.ts";
import { generationPrograms } from "./programs.ts";

interface GenerationSummary {
  readonly generate_inputs: { readonly ids: number[][] };
  readonly generate: Readonly<Record<string, GoldenGeneration>>;
}

interface GoldenGeneration {
  readonly options: {
    readonly max_length: number;
    readonly num_beams?: number;
    readonly early_stopping?: boolean;
    readonly length_penalty?: number;
    readonly num_return_sequences?: number;
  };
  readonly sequences: number[][];
  readonly scores?: number[];
  readonly token_log_probs?: number[][];
}

/** Leaves out what the golden files do not name, so that our defaults are tested too. */
const optionsOf = ({ options }: GoldenGeneration): GenerateOptions => ({
  maxLength: options.max_length,
  ...(options.num_beams !== undefined && { beams: options.num_beams }),
  ...(options.early_stopping !== undefined && { earlyStopping: options.early_stopping }),
  ...(options.length_penalty !== undefined && { lengthPenalty: options.length_penalty }),
  ...(options.num_return_sequences !== undefined && { returned: options.num_return_sequences }),
});

/** What the golden files allow a score. */
const scoreTolerance = 1e-4;

describe.each([
  ["t5-tiny", "own"],
  ["t5-tiny-fit", "own"],
  ["t5-tiny", "callers"],
] as const)("%s writes what transformers writes (programs in %s thread)", (folder, thread) => {
  const golden = new GoldenModel<GenerationSummary>(folder);
  describe.skipIf(!golden.available)("with its checkpoint", () => {
    const { generate: settings, generate_inputs } = golden.available
      ? golden.summary
      : { generate: {}, generate_inputs: { ids: [] } };
    let generator: Generator;

    beforeAll(async () => {
      const model = seq2seq(golden.json("config"));
      const { source, step } = generationPrograms(model, await golden.weights());
      const programs = { source: source.bytes, step: step.bytes };
      generator = await openGenerator(programs, { tokens: model.tokens, thread });
    });
    afterAll(() => generator.close());

    const expectGolden = (
      generated: Generated[],
      { sequences, scores, token_log_probs }: GoldenGeneration,
    ) => {
      expect(generated.map(({ tokens }) => tokens)).toEqual(sequences);
      for (const [i, { score, logProbabilities }] of generated.entries()) {
        if (scores) expect(Math.abs(score - scores[i]!)).toBeLessThan(scoreTolerance);
        for (const [j, expected] of (token_log_probs?.[i] ?? []).entries())
          expect(Math.abs(logProbabilities[j]! - expected)).toBeLessThan(scoreTolerance);
      }
    };

    test.each(Object.entries(settings))("%s: a padded batch", async (_name, expected) => {
      const generated = await generator.generate(generate_inputs.ids, optionsOf(expected));
      expectGolden(generated.flat(), expected);
    });

    test.each(Object.entries(settings))(
      "%s: one source at a time, all of them at once",
      async (_, expected) => {
        const calls = generate_inputs.ids.map((source) => generator.generate([source], optionsOf(expected)));
        expectGolden((await Promise.all(calls)).flat(2), expected);
      },
    );

    test.each([1, 4])("with %i beams the streamed words are the text", async (beams) => {
      const decode = (tokens: readonly number[]) => tokens.map((token) => `${token}`).join(" ");
      for (const source of generate_inputs.ids.slice(0, 3)) {
        const options = { beams, maxLength: 32 };
        const [[best]] = (await generator.generate([source], options)) as [[Generated]];
        const pieces: string[] = [];
        for await (const piece of generator.stream(source, decode, options)) pieces.push(piece);
        const hasEnd = best.tokens.at(-1) === 1;
        expect(pieces.join("")).toBe(decode(best.tokens.slice(1, hasEnd ? -1 : undefined)));
        if (beams === 1) expect(pieces.length).toBeGreaterThan(best.tokens.length - 4);
      }
    });
  });
});

describe("a model of random numbers", () => {
  const model = seq2seq({
    model_type: "t5",
    vocab_size: 40,
    d_model: 8,
    d_kv: 4,
    num_heads: 2,
    num_layers: 2,
  });
  const parameters = namedParameters(model);
  const weights = initialize(parameters, lehmer(7));
  let generator: Generator;

  beforeAll(async () => {
    const { source, step } = generationPrograms(model, weights);
    generator = await openGenerator({ source: source.bytes, step: step.bytes }, { tokens: model.tokens });
  });
  afterAll(() => generator.close());

  test("the steps give each sequence the probabilities that the whole model gives it", async () => {
    const sources = [
      [5, 9, 30, 1],
      [8, 1],
      [7, 7, 7, 22, 3, 1],
    ];
    // Long enough that slots are dropped and room is made several times.
    const options = { beams: 3, minLength: 40, maxLength: 150, noRepeatNgramSize: 3, returned: 3 };
    const generated = await generator.generate(sources, options);
    const forward = await openForward();
    for (const [i, source] of sources.entries())
      for (const { tokens, logProbabilities, score } of generated[i]!) {
        const whole = await forward.logProbabilities(source, tokens);
        expect(largestDifference(Float32Array.from(logProbabilities), whole)).toBeLessThan(1e-5);
        const sum = logProbabilities.reduce((a, b) => a + b);
        expect(score).toBeCloseTo(sum / (tokens.length - 1), 10);
      }
    await forward.close();
  });

  /** The model as it is trained: all tokens at once, no caches. */
  async function openForward() {
    const { logits } = model.forward({
      input_ids: input("input_ids", "int64", ["batch", "source"]),
      attention_mask: input("attention_mask", "int64", ["batch", "source"]),
      decoder_input_ids: input("decoder_input_ids", "int64", ["batch", "target"]),
    });
    const runtime = await Runtime.load(compile({ all: logSoftmax(logits) }, { parameters, weights }).bytes);
    return {
      async logProbabilities(source: readonly number[], tokens: readonly number[]) {
        const { all } = await runtime.run({
          input_ids: int64([1, source.length], source),
          attention_mask: int64([1, source.length], new Array(source.length).fill(1)),
          decoder_input_ids: int64([1, tokens.length - 1], tokens.slice(0, -1)),
        });
        return Float32Array.from(tokens.slice(1), (token, i) => Number(all!.data[40 * i + token]));
      },
      close: () => runtime.close(),
    };
  }

  test("an empty batch has no sequences", async () => {
    expect(await generator.generate([])).toEqual([]);
  });

  test("the shortest and the longest length hold, and what was not read is not repeated", async () => {
    const options = { beams: 3, minLength: 9, maxLength: 9, noRepeatNgramSize: 1, returned: 3 };
    const sequences = (
      await generator.generate(
        [
          [5, 1],
          [8, 9, 1],
        ],
        options,
      )
    ).flat();
    expect(sequences).toHaveLength(6);
    for (const { tokens } of sequences) {
      expect(tokens).toHaveLength(9);
      expect(new Set(tokens).size).toBe(9);
    }
  });

  test("where every token is banned, the sequence is cut", async () => {
    const [[only]] = (await generator.generate([[5, 1]], {
      minLength: 60,
      maxLength: 60,
      noRepeatNgramSize: 1,
    })) as [[Generated]];
    // All 40 tokens but the end, each once.
    expect(only.tokens.toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 40 }, (_, i) => i).filter((i) => i !== 1),
    );
  });

  test("mistakes are answered with what is possible", async () => {
    await expect(generator.generate([[5, 1], []])).rejects.toThrow(
      "source 1 has no tokens: not even its end",
    );
    await expect(generator.generate([[5, 1]], { beams: 2, returned: 3 })).rejects.toThrow(
      "returned must be between 1 and the 2 beams, got 3",
    );
    await expect(generator.generate([[5, 1]], { beams: 0 })).rejects.toThrow("beams must be a whole number");
    await expect(generator.generate([[5, 1]], { maxLength: 1 })).rejects.toThrow(
      "maxLength must be at least 2, since it counts the start token, got 1",
    );
  });

  test("a stream that is left early leaves the generator usable", async () => {
    for await (const _ of generator.stream([5, 1], (tokens) => tokens.join(" "), { minLength: 20 })) break;
    expect(await generator.generate([[5, 1]], { maxLength: 3 })).toHaveLength(1);
  });
});

/** Numbers from 0 to 1 (Lehmer 1951). */
function lehmer(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}
