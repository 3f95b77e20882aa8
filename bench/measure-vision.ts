/** The time and memory of training steps of the two-head network on random images. */
import {
  initialize,
  namedParameters,
  TwoHeadClassifier,
  type TwoHeadOutputs,
  twoHeadConfig,
  twoHeadLoss,
} from "../src/nn/index.ts";
import {
  adamw,
  compile,
  compileTraining,
  float32,
  gradients,
  input,
  int64,
  type NdArray,
  startTraining,
  type Tensor,
  TrainingPass,
} from "../src/tensor/index.ts";
import { matmulPeak } from "./matmul-peak.ts";
import { productOperations } from "./product-operations.ts";
import { writeProfile } from "./write-profile.ts";

interface BenchedNetwork {
  /** What the network reads, and the shape of one row of it. */
  readonly name: string;
  readonly row: readonly number[];
  readonly trainsAll: boolean;
  forward(model: TwoHeadClassifier, x: Tensor, pass?: TrainingPass): TwoHeadOutputs;
}

const networks: Readonly<Record<string, BenchedNetwork>> = {
  "mobilenetv3-small": {
    name: "images",
    row: [3, 224, 224],
    trainsAll: true,
    forward: (model, x, pass) => model.forward(x, pass),
  },
  /** The features of a frozen network, computed once. */
  "mobilenetv3-small-heads": {
    name: "features",
    row: [576],
    trainsAll: false,
    forward: (model, x, pass) => model.headForward(x, pass),
  },
};

export const benchedVisionModels = Object.keys(networks);

export interface VisionBench {
  readonly model: string;
  readonly batch: number;
  /** Steps that are measured, after two that warm up. */
  readonly steps: number;
  /** File for a trace of the first steps. */
  readonly profile?: string | undefined;
}

export interface VisionFigures {
  readonly model: string;
  readonly batch: number;
  /** Median. */
  readonly secondsPerStep: number;
  readonly peakRssBytes: number;
  /** Operations of the model's convolutions and products per second, as a share of what products reach alone. */
  readonly shareOfMatmulPeak: number;
}

/** Forward, backward and AdamW with dropout, as a real run does them. */
export async function measureVision({
  model: modelName,
  batch,
  steps,
  profile,
}: VisionBench): Promise<VisionFigures> {
  const network = networks[modelName];
  if (!network) throw new Error(`--model must be one of ${benchedVisionModels.join(", ")}, got ${modelName}`);
  const { name, row, trainsAll } = network;
  const model = new TwoHeadClassifier(twoHeadConfig.parse({}));
  const parameters = namedParameters(model);
  const x = input(name, "float32", ["batch", ...row]);
  const labels = { rank: input("rank", "int64", ["batch"]), suit: input("suit", "int64", ["batch"]) };
  const pass = new TrainingPass();
  const loss = twoHeadLoss(network.forward(model, x, pass), labels);
  const evaluated = { ...network.forward(model, x) };
  const frozen = model.frozen(trainsAll ? "full" : "frozen_eval");
  const session = await startTraining({
    training: compileTraining(loss, { parameters, frozen, updates: pass.updates }),
    evaluation: compile(evaluated, { parameters }),
    parameters: initialize(parameters, Math.random),
    optimizer: adamw(),
    seed: 1,
    profile: profile !== undefined,
  });
  const given = {
    [name]: randomArray([batch, ...row]),
    rank: randomLabels(batch, 13),
    suit: randomLabels(batch, 4),
  };
  const seconds: number[] = [];
  for (let step = 0; step < steps + 2; step++) {
    const start = performance.now();
    await session.step([given], { learningRate: 1e-4 });
    if (step >= 2) seconds.push((performance.now() - start) / 1000);
  }
  if (profile !== undefined) await writeProfile(session, profile);
  await session.close();
  const peakRssBytes = process.resourceUsage().maxRSS * 1024;
  const secondsPerStep = median(seconds);
  // The way back takes twice the operations of the way there: derivatives by the input and by the weight. Nothing asks
  // for the derivative by cached features.
  const trained = [...parameters].flatMap(([name, parameter]) => (frozen.has(name) ? [] : [parameter]));
  const operations = trainsAll
    ? 3 * batch * operationsOfRow(Object.values(evaluated))
    : productOperations([loss, ...gradients(loss, trained)], { batch });
  const shareOfMatmulPeak = operations / secondsPerStep / (await matmulPeak());
  return { model: modelName, batch, secondsPerStep, peakRssBytes, shareOfMatmulPeak };
}

/** Two for each multiplication with its addition in the convolutions and linear layers behind the outputs. */
function operationsOfRow(outputs: readonly Tensor[]): number {
  const seen = new Set<Tensor>();
  const elements = (shape: readonly (number | string)[]) =>
    shape.reduce<number>((product, dim) => product * Number(dim), 1);
  const visit = (tensor: Tensor): number => {
    if (seen.has(tensor) || tensor.source.kind !== "operation") return 0;
    seen.add(tensor);
    const { type, inputs } = tensor.source.operation;
    const isProduct = type === "Conv" || type === "Gemm";
    // Every element of the output is a product with one row of the weight, [out, ...].
    const own = isProduct ? 2 * elements(tensor.shape.slice(1)) * elements(inputs[1]!.shape.slice(1)) : 0;
    return inputs.reduce((sum, x) => sum + visit(x), own);
  };
  return outputs.reduce((sum, output) => sum + visit(output), 0);
}

function randomArray(shape: readonly number[]): NdArray {
  const length = shape.reduce((product, dim) => product * dim, 1);
  return float32(shape, Float32Array.from({ length }, Math.random));
}

const randomLabels = (batch: number, classes: number): NdArray =>
  int64(
    [batch],
    Array.from({ length: batch }, () => Math.floor(Math.random() * classes)),
  );

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
