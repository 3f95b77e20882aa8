/** The time and memory of training steps of the two-head card classifier on random images. */
import {
  initialize,
  namedParameters,
  TwoHeadClassifier,
  twoHeadConfig,
  twoHeadLoss,
} from "../src/nn/index.ts";
import {
  adamw,
  compile,
  compileTraining,
  float32,
  input,
  int64,
  type NdArrays,
  startTraining,
  type Tensor,
  TrainingPass,
} from "../src/tensor/index.ts";

/** "full" trains every parameter, "cached" the heads alone on features that were computed once. */
export const visionModes = ["full", "cached"] as const;
export type VisionMode = (typeof visionModes)[number];

export interface VisionBench {
  readonly mode: VisionMode;
  readonly batch: number;
  /** Pixels of a side. */
  readonly size: number;
  /** Steps that are measured, after two that warm up. */
  readonly steps: number;
  readonly profile?: string | undefined;
}

export interface VisionFigures {
  readonly model: "mobilenetv3-small";
  readonly mode: VisionMode;
  readonly batch: number;
  readonly size: number;
  /** Median. */
  readonly secondsPerStep: number;
  readonly peakRssBytes: number;
}

/** Forward, backward and AdamW at the real size of the network. */
export async function measureVision({
  mode,
  batch,
  size,
  steps,
  profile,
}: VisionBench): Promise<VisionFigures> {
  const model = new TwoHeadClassifier(twoHeadConfig.parse({}));
  const parameters = namedParameters(model);
  const { name, symbol, example } = inputs[mode](batch, size);
  const labels = { rank: input("rank", "int64", ["batch"]), suit: input("suit", "int64", ["batch"]) };
  const forward = (pass?: TrainingPass) =>
    mode === "full" ? model.forward(symbol, pass) : model.headForward(symbol, pass);
  const pass = new TrainingPass();
  const frozen = model.frozen(mode === "full" ? "full" : "frozen_eval");
  const session = await startTraining({
    training: compileTraining(twoHeadLoss(forward(pass), labels), {
      parameters,
      frozen,
      updates: pass.updates,
    }),
    evaluation: compile({ ...forward() }, { parameters }),
    parameters: initialize(parameters, Math.random),
    optimizer: adamw(),
    seed: 1,
    profile,
  });
  const classes = (count: number) =>
    int64(
      [batch],
      Array.from({ length: batch }, () => Math.floor(Math.random() * count)),
    );
  const row: NdArrays = { [name]: example, rank: classes(13), suit: classes(4) };
  const seconds: number[] = [];
  for (let step = 0; step < steps + 2; step++) {
    const start = performance.now();
    await session.step([row], { learningRate: 1e-4 });
    if (step >= 2) seconds.push((performance.now() - start) / 1000);
  }
  await session.close();
  return {
    model: "mobilenetv3-small",
    mode,
    batch,
    size,
    secondsPerStep: median(seconds),
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
  };
}

interface BenchInput {
  readonly name: string;
  readonly symbol: Tensor;
  readonly example: NdArrays[string];
}

const random = (shape: readonly number[]) =>
  float32(shape, Float32Array.from({ length: shape.reduce((a, b) => a * b) }, Math.random));

const inputs: Readonly<Record<VisionMode, (batch: number, size: number) => BenchInput>> = {
  full: (batch, size) => ({
    name: "images",
    symbol: input("images", "float32", ["batch", 3, size, size]),
    example: random([batch, 3, size, size]),
  }),
  cached: (batch) => ({
    name: "features",
    symbol: input("features", "float32", ["batch", 576]),
    example: random([batch, 576]),
  }),
};

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
