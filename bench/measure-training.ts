/** The time and memory of training steps on random batches, for any sequence classifier. */
import { initialize, namedParameters, sequenceClassifier, withoutDecay } from "../src/nn/index.ts";
import {
  adamw,
  compile,
  compileTraining,
  crossEntropy,
  input,
  int64,
  type NdArrays,
  startTraining,
  TrainingPass,
} from "../src/tensor/index.ts";

/** config.json of the full-size models; what is not named here is the architecture's default. */
const configs: Readonly<Record<string, Record<string, unknown>>> = {
  "distilbert-base": { model_type: "distilbert", vocab_size: 30_522 },
  "roberta-base": { model_type: "roberta", vocab_size: 50_265 },
  "bertweet-base": { model_type: "roberta", vocab_size: 64_001, max_position_embeddings: 130 },
};

export const benchedModels = Object.keys(configs);

export interface TrainingBench {
  readonly model: string;
  readonly batch: number;
  readonly seq: number;
  /** Steps that are measured, after two that warm up. */
  readonly steps: number;
  readonly profile?: string | undefined;
}

export interface TrainingFigures {
  readonly model: string;
  readonly batch: number;
  readonly seq: number;
  /** Median. */
  readonly secondsPerStep: number;
  readonly peakRssBytes: number;
}

/** Forward, backward, clipping and AdamW with dropout, as a real run does them. */
export async function measureTraining({
  model: name,
  batch,
  seq,
  steps,
  profile,
}: TrainingBench): Promise<TrainingFigures> {
  const config = configs[name];
  if (!config) throw new Error(`--model must be one of ${benchedModels.join(", ")}, got ${name}`);
  const model = sequenceClassifier(config, 2);
  const parameters = namedParameters(model);
  const symbols = {
    input_ids: input("input_ids", "int64", ["batch", "sequence"]),
    attention_mask: input("attention_mask", "int64", ["batch", "sequence"]),
  };
  const labels = input("labels", "int64", ["batch"]);
  const { logits } = model.forward(symbols, new TrainingPass());
  const session = await startTraining({
    training: compileTraining(crossEntropy(logits, labels), { parameters }),
    evaluation: compile({ logits: model.forward(symbols).logits }, { parameters }),
    parameters: initialize(parameters, Math.random),
    optimizer: adamw(),
    maxGradientNorm: 1,
    withoutDecay: withoutDecay(parameters),
    seed: 1,
    profile,
  });
  const ids = (size: number, below: number) =>
    Array.from({ length: size }, () => Math.floor(Math.random() * below));
  const inputs: NdArrays = {
    input_ids: int64([batch, seq], ids(batch * seq, 30_000)),
    attention_mask: int64([batch, seq], new Array(batch * seq).fill(1)),
    labels: int64([batch], ids(batch, 2)),
  };
  const seconds: number[] = [];
  for (let step = 0; step < steps + 2; step++) {
    const start = performance.now();
    await session.step([inputs], { learningRate: 2e-5 });
    if (step >= 2) seconds.push((performance.now() - start) / 1000);
  }
  await session.close();
  return {
    model: name,
    batch,
    seq,
    secondsPerStep: median(seconds),
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
  };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
