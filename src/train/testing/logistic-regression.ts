/** The smallest real thing to train, in plain TypeScript: logistic regression by stochastic gradient descent. */
import {
  float32,
  int64,
  type NdArray,
  type NdArrays,
  oneProcess,
  type TrainingSession,
} from "../../tensor/index.ts";
import type { MetricLog } from "../metric-log.ts";
import type { TrainSettings } from "../train-settings.ts";
import type { Trainable } from "../trainable.ts";

export interface LabelledPoint {
  readonly x: readonly number[];
  readonly label: 0 | 1;
}

interface Outcome {
  readonly label: number;
  readonly predicted: number;
}

const features = 3;

export const pointClassification: Trainable<LabelledPoint, LabelledPoint, Outcome> = {
  prepare: (row) => row,
  lengthOf: () => 1,
  collate: (examples) => ({
    x: float32(
      [examples.length, features],
      examples.flatMap(({ x }) => x),
    ),
    labels: int64(
      [examples.length],
      examples.map(({ label }) => label),
    ),
  }),
  outcomes: ({ labels }, { logits }) =>
    numbers(labels).map((label, row) => ({ label, predicted: Number(numbers(logits)[row]! > 0) })),
  measure: (outcomes) => ({
    accuracy: outcomes.filter(({ label, predicted }) => label === predicted).length / outcomes.length,
  }),
};

/** Points on both sides of a plane, some of them on the wrong one. */
export function points(count: number, seed = 1): LabelledPoint[] {
  return Array.from({ length: count }, (_, row) => {
    const x = Array.from({ length: features }, (_, i) => 2 * noise(seed, row, i) - 1);
    const side = x[0]! + 2 * x[1]! - x[2]! + 0.8 * (noise(seed, row, 9) - 0.5);
    return { x, label: side > 0 ? 1 : 0 };
  });
}

export const smallSettings: TrainSettings = {
  epochs: 3,
  batchSize: 4,
  accumulate: 2,
  learningRate: 0.5,
  schedule: { name: "linear", warmUp: { ratio: 0.1 } },
  monitor: { metric: "validation_accuracy", goal: "maximise" },
  seed: 23,
};

/**
 * A session that behaves like the real one: gradients averaged over micro-batches, momentum as the optimizer's
 * state, and dropout on the inputs that depends on nothing but the seed and the step. Several processes add up what
 * each of them found.
 */
export function logisticSession({
  dropout = 0.1,
  seed = 7,
  momentum = 0.9,
  processes = oneProcess,
} = {}): TrainingSession {
  let step = 0;
  let weights = Float32Array.from({ length: features + 1 }, (_, i) => noise(seed, i) - 0.5);
  let velocity = new Float32Array(features + 1);

  const forward = ({ x, labels }: NdArrays, keep: (row: number, i: number) => boolean) => {
    const rows = labels!.shape[0]!;
    const gradient = new Float64Array(features + 1);
    const logits = new Float32Array(rows);
    let loss = 0;
    for (let row = 0; row < rows; row++) {
      const inputs = Array.from({ length: features + 1 }, (_, i) => {
        if (i === features) return 1;
        return keep(row, i) ? Number(x!.data[row * features + i]) / (1 - dropout) : 0;
      });
      logits[row] = inputs.reduce((sum, value, i) => sum + value * weights[i]!, 0);
      const error = 1 / (1 + Math.exp(-logits[row]!)) - Number(labels!.data[row]);
      loss += Math.log1p(Math.exp(labels!.data[row] ? -logits[row]! : logits[row]!)) / rows;
      inputs.forEach((value, i) => {
        gradient[i] = gradient[i]! + (error * value) / rows;
      });
    }
    return { loss, logits, gradient };
  };
  const copy = (data: Float32Array): Map<string, NdArray<"float32">> =>
    new Map([["linear/weight", float32([features + 1], data.slice())]]);

  return {
    async step(microBatches, { learningRate, weights: factors = microBatches.map(() => 1) }) {
      const passes = microBatches.map((inputs, micro) =>
        forward(inputs, (row, i) => noise(seed, step, micro, row, i) >= dropout),
      );
      const found = passes.map(({ loss, gradient }, i) => ({ loss, gradient, factor: factors[i]! }));
      const all = (await processes.gather(found)).flat();
      const total = all.reduce((sum, { factor }) => sum + factor, 0);
      const gradient = weights.map(
        (_, i) => all.reduce((sum, pass) => sum + pass.factor * pass.gradient[i]!, 0) / total,
      );
      velocity = velocity.map((value, i) => momentum * value + gradient[i]!);
      weights = weights.map((value, i) => value - learningRate * velocity[i]!);
      step++;
      return {
        loss: all.reduce((sum, { loss, factor }) => sum + factor * loss, 0) / total,
        gradientNorm: Math.hypot(...gradient),
      };
    },
    async evaluate(inputs) {
      // Nothing is dropped, and nothing scaled up for it.
      const x = float32(
        inputs.x!.shape,
        numbers(inputs.x).map((value) => value * (1 - dropout)),
      );
      const { loss, logits } = forward({ ...inputs, x }, () => true);
      return { loss: float32([], [loss]), logits: float32([logits.length], logits) };
    },
    async state() {
      return { step, parameters: copy(weights), slots: new Map([["momentum", copy(velocity)]]) };
    },
    async restore(state) {
      step = state.step;
      weights = state.parameters.get("linear/weight")!.data.slice();
      velocity = state.slots.get("momentum")!.get("linear/weight")!.data.slice();
    },
    async synchronise() {
      const [first] = await processes.gather({ step, weights, velocity });
      ({ step, weights, velocity } = first!);
    },
    profile: async () => [],
    async close() {},
  };
}

/** Keeps what is logged as the store does: one point for each key and step, and none twice. */
export function metricTable(): MetricLog & { readonly rows: { key: string; step: number; value: number }[] } {
  const rows: { key: string; step: number; value: number }[] = [];
  return {
    rows,
    logMetrics: (metrics) => {
      for (const { key, step, value } of metrics) rows.push({ key, step, value });
    },
    latestMetrics: () =>
      Object.fromEntries(rows.map(({ key, step, value }) => [key, { key, step, value, timestamp: 0 }])),
  };
}

const numbers = (array: NdArray | undefined) => [...(array?.data ?? [])].map(Number);

/** A number in [0, 1) that the keys determine (mixing steps of MurmurHash3). */
function noise(...keys: number[]): number {
  let hash = 0x9e3779b9;
  for (const key of keys) {
    hash = Math.imul(hash ^ (key + 0x7f4a7c15), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  return (hash >>> 0) / 2 ** 32;
}
