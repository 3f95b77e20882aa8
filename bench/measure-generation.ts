/** How many tokens a second a model writes, with random weights and sources. */
import {
  type Generator,
  generationPrograms,
  initialize,
  namedParameters,
  openGenerator,
  type Seq2Seq,
  seq2seq,
} from "../src/nn/index.ts";
import { input } from "../src/tensor/index.ts";
import { matmulPeak } from "./matmul-peak.ts";
import { productOperations } from "./product-operations.ts";

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
  /** Operations of the products that no search can do without, as a share of what the machine's products reach alone. */
  readonly shareOfMatmulPeak: number;
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
  const model = seq2seq(config);
  const generator = await openRandom(model, threads);
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
  const peakRssBytes = process.resourceUsage().maxRSS * 1024;
  const secondsPerRun = seconds.toSorted((a, b) => a - b)[Math.floor(runs / 2)]!;
  return {
    ...{ model: name, beams, batch, seq, tokens },
    tokensPerSecond: (batch * tokens) / secondsPerRun,
    secondsPerRun,
    peakRssBytes,
    shareOfMatmulPeak:
      operationsOf(model, { beams, batch, seq, tokens }) / secondsPerRun / (await matmulPeak()),
  };
}

/** The source is read once; each beam writes its tokens, one after the other. */
function operationsOf(
  model: Seq2Seq,
  { beams, batch, seq, tokens }: Pick<GenerationBench, "beams" | "batch" | "seq" | "tokens">,
): number {
  const source = {
    input_ids: input("input_ids", "int64", ["batch", "source"]),
    attention_mask: input("attention_mask", "int64", ["batch", "source"]),
  };
  const read = model.readSource(source).flatMap(({ key, value }) => [key, value]);
  const { logits } = model.forward({
    ...source,
    decoder_input_ids: input("decoder_input_ids", "int64", ["batch", "target"]),
  });
  const dimensions = { batch: batch * beams, source: seq, target: tokens };
  const written = productOperations([logits], dimensions) - productOperations(read, dimensions);
  return productOperations(read, { ...dimensions, batch }) + written;
}

async function openRandom(model: Seq2Seq, threads?: number): Promise<Generator> {
  const weights = initialize(namedParameters(model), Math.random);
  const { source, step } = generationPrograms(model, weights);
  return openGenerator({ source: source.bytes, step: step.bytes }, { tokens: model.tokens, threads });
}
