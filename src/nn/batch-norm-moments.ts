/**
 * Batch norms whose statistics were folded into the convolutions before them, as converters for inference do: made
 * trainable again, by what they are given.
 */
import { float32, mean, mul, type NdArray, type Parameter, type Tensor } from "../tensor/index.ts";

type Weights = ReadonlyMap<string, NdArray<"float32">>;

/** Mean and variance of each channel before a batch norm, each [channels]. */
export interface Moments {
  readonly mean: Float32Array;
  readonly variance: Float32Array;
}

const partsOf = (norm: string) => ({
  weight: `${norm}.weight`,
  bias: `${norm}.bias`,
  mean: `${norm}.running_mean`,
  variance: `${norm}.running_var`,
});

/** Names of the batch norms among some weights. */
export const normsOf = (weights: Weights): string[] =>
  [...weights.keys()]
    .filter((name) => name.endsWith(".running_mean"))
    .map((name) => name.slice(0, -".running_mean".length));

/** Whether all batch norms are but a shift: mean 0 and weight 1 in every channel. */
export const areNormsFolded = (weights: Weights): boolean =>
  normsOf(weights).every((norm) => {
    const names = partsOf(norm);
    const isAll = (name: string, wanted: number) => weights.get(name)!.data.every((x) => x === wanted);
    return isAll(names.mean, 0) && isAll(names.weight, 1);
  });

/**
 * What measures the input of every batch norm behind a tensor, traced outside of training: `NORM.mean` and
 * `NORM.square`, the means over a batch of each channel and of its square.
 */
export function normMeasures(
  output: Tensor,
  parameters: ReadonlyMap<string, Parameter>,
): Record<string, Tensor> {
  const names = new Map<Tensor, string>([...parameters].map(([name, parameter]) => [parameter, name]));
  const measures: Record<string, Tensor> = {};
  const seen = new Set<Tensor>();
  const visit = (tensor: Tensor): void => {
    if (seen.has(tensor) || tensor.source.kind !== "operation") return;
    seen.add(tensor);
    const { type, inputs } = tensor.source.operation;
    const weight = names.get(inputs[1]!);
    if (type === "BatchNormalization" && weight !== undefined) {
      const norm = weight.slice(0, -".weight".length);
      const axes = { axes: [0, 2, 3] };
      measures[`${norm}.mean`] = mean(inputs[0]!, axes);
      measures[`${norm}.square`] = mean(mul(inputs[0]!, inputs[0]!), axes);
    }
    inputs.forEach(visit);
  };
  visit(output);
  return measures;
}

/** Moments by norm, from what `normMeasures` said of batches of equal size. */
export function momentsOf(batches: readonly Readonly<Record<string, NdArray>>[]): Map<string, Moments> {
  const norms = Object.keys(batches[0] ?? {}).flatMap((name) =>
    name.endsWith(".mean") ? [name.slice(0, -".mean".length)] : [],
  );
  const average = (name: string): Float64Array => {
    const sums = new Float64Array(batches[0]![name]!.data.length);
    for (const batch of batches)
      for (let i = 0; i < sums.length; i++) sums[i]! += Number(batch[name]!.data[i]);
    return sums.map((sum) => sum / batches.length);
  };
  return new Map(
    norms.map((norm) => {
      const means = average(`${norm}.mean`);
      const squares = average(`${norm}.square`);
      const variance = Float32Array.from(squares, (square, i) => Math.max(0, square - means[i]! ** 2));
      return [norm, { mean: Float32Array.from(means), variance }];
    }),
  );
}

/**
 * The same network with these statistics kept by its batch norms: outside of training it computes what it did before,
 * and in training, where a batch's own statistics take their place, nearly so.
 * @returns new arrays where something changed; the given weights stay as they are
 */
export function withMoments(
  weights: Weights,
  moments: ReadonlyMap<string, Moments>,
  epsilon: number,
): Map<string, NdArray<"float32">> {
  const changed = new Map(weights);
  for (const [norm, { mean, variance }] of moments) {
    const names = partsOf(norm);
    const before = (name: string) => weights.get(name)!.data;
    // w (x - m) / sqrt(v + e) + b = w' (x - m') / sqrt(v' + e) + b'
    const slope = before(names.weight).map((w, i) => w / Math.sqrt(before(names.variance)[i]! + epsilon));
    const set = (name: string, data: Float32Array) => changed.set(name, float32([data.length], data));
    set(
      names.weight,
      slope.map((s, i) => s * Math.sqrt(variance[i]! + epsilon)),
    );
    set(
      names.bias,
      before(names.bias).map((b, i) => b + slope[i]! * (mean[i]! - before(names.mean)[i]!)),
    );
    set(names.mean, mean.slice());
    set(names.variance, variance.slice());
  }
  return changed;
}
