import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BeamSearch, type SearchOptions } from "./beam-search.ts";
import type { DecoderStep, SourceBeams } from "./decoder-step.ts";
import { runSearches } from "./run-searches.ts";

const tokens = { start: 0, end: 1, padding: 0 };

/** By source, the probability of each token after each other. */
type Chain = readonly (readonly number[])[];

/** A model whose next token depends on the last one alone. */
class MarkovStep implements DecoderStep {
  readonly #chains: readonly Chain[];
  /** The sources of each call. */
  readonly asked: number[][] = [];

  constructor(chains: readonly Chain[]) {
    this.#chains = chains;
  }

  async next(sources: readonly SourceBeams[], count: number) {
    this.asked.push(sources.map(({ source }) => source));
    return sources.map(({ source, beams }) =>
      beams.map(({ token }) => {
        const likeliest = this.#chains[source]![token]!.map((probability, next) => ({ next, probability }))
          .sort((a, b) => b.probability - a.probability)
          .slice(0, count);
        return {
          tokens: likeliest.map(({ next }) => next),
          logProbabilities: likeliest.map(({ probability }) => Math.log(probability)),
        };
      }),
    );
  }
}

async function search(chains: readonly Chain[], options: SearchOptions) {
  const step = new MarkovStep(chains);
  const searches = chains.map(() => new BeamSearch(tokens, options));
  for await (const _ of runSearches(step, searches));
  return { found: searches.map(({ finished }) => finished), asked: step.asked };
}

// Tokens: 0 start, 1 end, 2 and 3 words. The likeliest first word leads into a weak sequence.
const tempting: Chain = [
  [0, 0, 0.6, 0.4],
  [0, 0, 0, 0],
  [0.01, 0.39, 0.3, 0.3],
  [0.01, 0.97, 0.01, 0.01],
];

test("one beam takes the likeliest token at each step, two see further", async () => {
  const greedy = await search([tempting], { maxLength: 6 });
  expect(greedy.found[0]!.map(({ tokens }) => tokens)).toEqual([[0, 2, 1]]);
  const wide = await search([tempting], { beams: 2, maxLength: 6, lengthPenalty: 0 });
  expect(wide.found[0]![0]!.tokens).toEqual([0, 3, 1]);
  expect(wide.found[0]![0]!.score).toBeCloseTo(Math.log(0.4 * 0.97), 12);
  expect(wide.found[0]![0]!.logProbabilities).toEqual([Math.log(0.4), Math.log(0.97)]);
});

test("the penalty divides by the length without the start token", async () => {
  const { found } = await search([tempting], {
    beams: 2,
    maxLength: 6,
    lengthPenalty: 2,
    earlyStopping: true,
  });
  for (const { tokens, logProbabilities, score } of found[0]!)
    expect(score).toBeCloseTo(logProbabilities.reduce((a, b) => a + b) / (tokens.length - 1) ** 2, 12);
});

test("a sequence that reaches the longest length is cut there", async () => {
  const endless: Chain = [[0, 0, 1, 0], [], [0, 0.1, 0.5, 0.4], [0, 0.1, 0.4, 0.5]];
  const { found, asked } = await search([endless], { maxLength: 5 });
  expect(found[0]!.map(({ tokens }) => tokens)).toEqual([[0, 2, 2, 2, 2]]);
  expect(asked).toHaveLength(4);
});

test("sources that are done leave the batch, and change nothing for the others", async () => {
  const short: Chain = [[0, 1, 0, 0], [], [], []];
  const { found, asked } = await search([tempting, short, tempting], { maxLength: 6 });
  expect(asked).toEqual([
    [0, 1, 2],
    [0, 2],
  ]);
  expect(found[1]![0]!.tokens).toEqual([0, 1]);
  expect(found[2]).toEqual(found[0]);
  expect(found[0]).toEqual((await search([tempting], { maxLength: 6 })).found[0]);
});

describe("when a source is done", () => {
  // Ending at once costs 0.5 each time; words that go on cost almost nothing.
  const lasting: Chain = [
    [0, 0.5, 0.5, 0],
    [0, 0, 0, 0],
    [0, 0.05, 0.9, 0.05],
    [0, 0.05, 0.05, 0.9],
  ];
  const steps = async (earlyStopping: boolean | "never", lengthPenalty = 1) =>
    (await search([lasting], { beams: 2, maxLength: 30, earlyStopping, lengthPenalty })).asked.length;

  test("true stops with as many sequences as beams, false when ending now helps no more, never only for good", async () => {
    const [atOnce, heuristic, never] = [await steps(true), await steps(false), await steps("never")];
    expect(atOnce).toBeLessThanOrEqual(heuristic);
    expect(heuristic).toBeLessThanOrEqual(never);
    expect(atOnce).toBeLessThan(never);
  });

  test("without a penalty never is as short as false: longer sequences cannot be better", async () => {
    expect(await steps("never", 0)).toBe(await steps(false, 0));
  });
});

test("what is settled never changes, and in the end is the best sequence", async () => {
  const row = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 5, maxLength: 5 });
  const chain = fc.array(row, { minLength: 5, maxLength: 5 }).map((rows) =>
    rows.map((weights) => {
      const total = weights.reduce((a, b) => a + b);
      return weights.map((weight) => weight / total);
    }),
  );
  await fc.assert(
    fc.asyncProperty(chain, fc.integer({ min: 1, max: 2 }), async (chain, beams) => {
      const search = new BeamSearch(tokens, { beams, maxLength: 8, earlyStopping: "never" });
      const settled: (readonly number[])[] = [];
      for await (const _ of runSearches(new MarkovStep([chain]), [search])) settled.push(search.settled);
      const best = search.finished[0]!.tokens;
      expect(settled.at(-1)).toEqual(best);
      for (const start of settled) expect(best.slice(0, start.length)).toEqual(start);
    }),
  );
});

test("as many beams as there are sequences find the likeliest of all", async () => {
  const weights = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 16, maxLength: 16 });
  await fc.assert(
    fc.asyncProperty(weights, async (weights) => {
      const chain: Chain = Array.from({ length: 4 }, (_, row) => {
        const values = weights.slice(4 * row, 4 * row + 4);
        const total = values.reduce((a, b) => a + b);
        return values.map((value) => value / total);
      });
      const all = sequences(chain, [0], 4);
      const best = Math.max(...all.map((sequence) => logProbability(chain, sequence)));
      const { found } = await search([chain], {
        beams: 40,
        maxLength: 4,
        lengthPenalty: 0,
        earlyStopping: "never",
      });
      expect(found[0]![0]!.score).toBeCloseTo(best, 10);
    }),
  );
});

/** Every sequence that ends, or is as long as can be. */
function sequences(chain: Chain, begun: readonly number[], maxLength: number): (readonly number[])[] {
  if (begun.length === maxLength || (begun.length > 1 && begun.at(-1) === tokens.end)) return [begun];
  return chain.flatMap((_, token) => sequences(chain, [...begun, token], maxLength));
}

const logProbability = (chain: Chain, sequence: readonly number[]): number =>
  sequence.slice(1).reduce((sum, token, i) => sum + Math.log(chain[sequence[i]!]![token]!), 0);
