/** How many tokens a second a model writes, with random weights and sources. */
import {
  type Generator,
  generationPrograms,
  initialize,
  namedParameters,
  openGenerator,
  seq2seq,
} from "../src/nn/index.ts";

/** config.json of the full-size models; what is not named here is the architecture's default. */
const configs: Readonly<Record<string, Record<string, unknown>>> = {
  "t5-small": { model_type: "t5" },
};

export const generatingModels = Object.keys(configs);

export interface GenerationBench {
  readonly model: string;
  /** Beams of each source; 1 is greedy search. */
  readonly beams: number;
  /** Sources that are searched together. */
  readonly batch: number;
  /** Tokens of a source. */
  readonly seq: number;
  /** Tokens that are written for each source, no more and no fewer. */
  readonly tokens: number;
  /** Runs that are measured, after one that warms up. */
  readonly runs: number;
  readonly threads?: number | undefined;
}

export interface GenerationFigures extends Omit<GenerationBench, "runs" | "threads"> {
  /** Of the returned sequences, in the median run. */
  readonly tokensPerSecond: number;
  readonly secondsPerRun: number;
  readonly peakRssBytes: number;
}

/** The whole of generation, from token ids to the best sequence. */
export async function measureGeneration({
  model: name,
  beams,
  batch,
  seq,
  tokens,
  runs,
  threads,
}: GenerationBench): Promise<GenerationFigures> {
  const config = configs[name];
  if (!config) throw new Error(`--model must be one of ${generatingModels.join(", ")}, got ${name}`);
  const generator = await openRandom(config, threads);
  const source = () => Array.from({ length: seq }, () => 2 + Math.floor(Math.random() * 30_000));
  const sources = Array.from({ length: batch }, source);
  const length = tokens + 1;
  const seconds: number[] = [];
  for (let run = 0; run <= runs; run++) {
    const start = performance.now();
    await generator.generate(sources, { beams, minLength: length, maxLength: length });
    if (run > 0) seconds.push((performance.now() - start) / 1000);
  }
  await generator.close();
  const secondsPerRun = seconds.toSorted((a, b) => a - b)[Math.floor(runs / 2)]!;
  return {
    ...{ model: name, beams, batch, seq, tokens },
    tokensPerSecond: (batch * tokens) / secondsPerRun,
    secondsPerRun,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
  };
}

async function openRandom(config: Record<string, unknown>, threads?: number): Promise<Generator> {
  const model = seq2seq(config);
  const weights = initialize(namedParameters(model), Math.random);
  const { source, step } = generationPrograms(model, weights);
  return openGenerator({ source: source.bytes, step: step.bytes }, { tokens: model.tokens, threads });
}
