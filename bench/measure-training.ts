/** The time and memory of training steps on random batches. */
import { initialize, namedParameters, seq2seq, sequenceClassifier, withoutDecay } from "../src/nn/index.ts";
import {
  adamw,
  compile,
  compileTraining,
  crossEntropy,
  gradients,
  input,
  int64,
  type NdArray,
  type NdArrays,
  type Parameter,
  startTraining,
  type Tensor,
  TrainingPass,
} from "../src/tensor/index.ts";
import { matmulPeak } from "./matmul-peak.ts";
import { productOperations } from "./product-operations.ts";
import { writeProfile } from "./write-profile.ts";

interface BenchedModel {
  readonly parameters: ReadonlyMap<string, Parameter>;
  loss(pass?: TrainingPass): Tensor;
  inputs(batch: number, seq: number): NdArrays;
}

const ids = input("input_ids", "int64", ["batch", "sequence"]);
const mask = input("attention_mask", "int64", ["batch", "sequence"]);

/** Random ids that are no special tokens. */
const randomIds = (shape: readonly number[], below: number): NdArray =>
  int64(
    shape,
    Array.from({ length: shape.reduce((a, b) => a * b) }, () => 5 + Math.floor(Math.random() * (below - 5))),
  );
const allTokens = (shape: readonly number[]): NdArray =>
  int64(shape, new Array(shape[0]! * shape[1]!).fill(1));

/** A classifier of two labels; what its config.json does not say is the architecture's default. */
function classifier(config: Record<string, unknown>): BenchedModel {
  const model = sequenceClassifier(config, 2);
  const labels = input("labels", "int64", ["batch"]);
  return {
    parameters: namedParameters(model),
    loss: (pass) =>
      crossEntropy(model.forward({ input_ids: ids, attention_mask: mask }, pass).logits, labels),
    inputs: (batch, seq) => ({
      input_ids: randomIds([batch, seq], 30_000),
      attention_mask: allTokens([batch, seq]),
      labels: int64(
        [batch],
        Array.from({ length: batch }, (_, i) => i % 2),
      ),
    }),
  };
}

/** A translator; source and target are equally long. */
function translator(config: Record<string, unknown>): BenchedModel {
  const model = seq2seq(config);
  const labels = input("labels", "int64", ["batch", "target"]);
  return {
    parameters: namedParameters(model),
    loss: (pass) => {
      const decoder_input_ids = model.decoderInputs(labels);
      const inputs = { input_ids: ids, attention_mask: mask, decoder_input_ids };
      return crossEntropy(model.forward(inputs, pass).logits, labels);
    },
    inputs: (batch, seq) => ({
      input_ids: randomIds([batch, seq], 32_000),
      attention_mask: allTokens([batch, seq]),
      labels: randomIds([batch, seq], 32_000),
    }),
  };
}

const models: Readonly<Record<string, () => BenchedModel>> = {
  "distilbert-base": () => classifier({ model_type: "distilbert", vocab_size: 30_522 }),
  "roberta-base": () => classifier({ model_type: "roberta", vocab_size: 50_265 }),
  "bertweet-base": () =>
    classifier({ model_type: "roberta", vocab_size: 64_001, max_position_embeddings: 130 }),
  "t5-small": () => translator({ model_type: "t5" }),
};

export const benchedModels = Object.keys(models);

export interface TrainingBench {
  readonly model: string;
  readonly batch: number;
  readonly seq: number;
  /** Steps that are measured, after two that warm up. */
  readonly steps: number;
  /** File for a trace of the first steps. */
  readonly profile?: string | undefined;
  /** Keeps only the ends of layers for the backward pass. */
  readonly recompute?: boolean | undefined;
}

export interface TrainingFigures {
  readonly model: string;
  readonly batch: number;
  readonly seq: number;
  /** Median. */
  readonly secondsPerStep: number;
  readonly peakRssBytes: number;
  /** Operations of the step's matrix products per second, as a share of what the machine's products reach alone. */
  readonly shareOfMatmulPeak: number;
}

/** Forward, backward, clipping and AdamW with dropout, as a real run does them. */
export async function measureTraining({
  model: name,
  batch,
  seq,
  steps,
  profile,
  recompute = false,
}: TrainingBench): Promise<TrainingFigures> {
  const create = models[name];
  if (!create) throw new Error(`--model must be one of ${benchedModels.join(", ")}, got ${name}`);
  const { parameters, loss, inputs } = create();
  const pass = new TrainingPass();
  const training = compileTraining(loss(pass), {
    parameters,
    recompute: recompute ? pass.boundaries : undefined,
  });
  const session = await startTraining({
    training,
    evaluation: compile({ loss: loss() }, { parameters }),
    parameters: initialize(parameters, Math.random),
    optimizer: adamw(),
    maxGradientNorm: 1,
    withoutDecay: withoutDecay(parameters),
    seed: 1,
    profile: profile !== undefined,
  });
  const given = inputs(batch, seq);
  const seconds: number[] = [];
  for (let step = 0; step < steps + 2; step++) {
    const start = performance.now();
    await session.step([given], { learningRate: 2e-5 });
    if (step >= 2) seconds.push((performance.now() - start) / 1000);
  }
  if (profile !== undefined) await writeProfile(session, profile);
  await session.close();
  const peakRssBytes = process.resourceUsage().maxRSS * 1024;
  const secondsPerStep = median(seconds);
  const trained = loss(new TrainingPass());
  const operations = productOperations([trained, ...gradients(trained, [...parameters.values()])], {
    batch,
    sequence: seq,
    target: seq,
  });
  const shareOfMatmulPeak = operations / secondsPerStep / (await matmulPeak());
  return { model: name, batch, seq, secondsPerStep, peakRssBytes, shareOfMatmulPeak };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
