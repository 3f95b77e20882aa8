/** Training steps in the thread that calls: programs, parameters and optimizer brought together. */
import { TensorError } from "../errors.ts";
import { checkLimits } from "../limits.ts";
import type { NdArray, NdArrays } from "../ndarray.ts";
import { type Optimizer, type OptimizerSettings, optimizer } from "../optimizers.ts";
import type { GradientOutputs, Program, TrainingProgram } from "../program.ts";
import { checkParameters } from "./check-inputs.ts";
import type { Communicator } from "./communicator.ts";
import { DropoutMasks, dimensionsOf } from "./dropout-masks.ts";
import { ParameterMemory } from "./parameter-memory.ts";
import { Runtime } from "./runtime.ts";
import { type Span, Trace } from "./trace.ts";
import type { StepOptions, StepReport, TrainingState } from "./training-session.ts";

export interface TrainerOptions {
  readonly training: TrainingProgram;
  readonly evaluation: Program;
  /** First values; they move to the trainer's memory. */
  readonly parameters: ReadonlyMap<string, NdArray<"float32">>;
  readonly optimizer: OptimizerSettings;
  /** Seed of the dropout masks. */
  readonly seed: number;
  /** Largest global norm of a gradient; longer ones are scaled down to it. */
  readonly maxGradientNorm?: number | undefined;
  /** Parameters that weight decay leaves alone; by default none. */
  readonly withoutDecay?: readonly string[];
  /** Factors on the learning rate by parameter; 1 for those that are not named. */
  readonly rateScales?: ReadonlyMap<string, number>;
  readonly threads?: number | undefined;
  /** Measures phases, and the kernels of the first passes. */
  readonly profile?: boolean | undefined;
}

/**
 * Runs of each program whose kernels are measured: enough to average over, few enough for a small file. A step of
 * DistilBERT has 900 kernels, 200 bytes each.
 */
const profiledRuns = { training: 10, evaluation: 4 };

export class Trainer {
  readonly #options: Omit<TrainerOptions, "parameters">;
  readonly #memory: ParameterMemory;
  readonly #optimizer: Optimizer;
  readonly #masks: DropoutMasks;
  readonly #training: Runtime;
  readonly #evaluation: Runtime;
  /** Missing where one process trains alone. */
  readonly #communicator: Communicator | undefined;
  readonly #trace: Trace | undefined;
  #step = 0;

  static async start(options: TrainerOptions, communicator?: Communicator): Promise<Trainer> {
    const { training, evaluation, threads, profile } = options;
    const runtimes = {
      training: await Runtime.load(training.bytes, {
        threads,
        profile: profile ? { track: "kernels of training", runs: profiledRuns.training } : undefined,
      }),
      evaluation: await Runtime.load(evaluation.bytes, {
        threads,
        profile: profile ? { track: "kernels of evaluation", runs: profiledRuns.evaluation } : undefined,
      }),
    };
    for (const name of ["training", "evaluation"] as const)
      checkParameters(options[name].parameters, runtimes[name].inputs, options.parameters);
    const named = [...(options.withoutDecay ?? []), ...(options.rateScales?.keys() ?? [])];
    const unknown = named.find((name) => !options.parameters.has(name));
    if (unknown !== undefined)
      throw new TensorError(
        `withoutDecay or rateScales name ${unknown}, but the model has no such parameter`,
      );
    return new Trainer(options, runtimes, communicator);
  }

  private constructor(
    options: TrainerOptions,
    { training, evaluation }: { training: Runtime; evaluation: Runtime },
    communicator: Communicator | undefined,
  ) {
    // The first values are copied into the memory below: kept here, the model would be in memory twice.
    const { parameters, ...rest } = options;
    this.#options = rest;
    this.#training = training;
    this.#evaluation = evaluation;
    this.#communicator = communicator;
    this.#trace = options.profile ? new Trace("training thread") : undefined;
    this.#optimizer = optimizer(options.optimizer);
    this.#masks = new DropoutMasks(options.training.masks, options.seed);
    const trained = new Set(options.training.gradients.map(({ parameter }) => parameter));
    this.#memory = new ParameterMemory(parameters, trained, ["gradients", ...this.#optimizer.slots]);
  }

  /** See `TrainingSession.step`. A step whose gradient is not finite changes no parameter. */
  async step(
    microBatches: readonly NdArrays[],
    { learningRate, weights = [] }: StepOptions,
  ): Promise<StepReport> {
    if (!(learningRate >= 0 && learningRate < Number.POSITIVE_INFINITY))
      throw new TensorError(`learningRate must be a number of at least 0, got ${learningRate}`);
    if (microBatches.length === 0) this.#area("gradients").fill(0);
    let loss = 0;
    let weight = 0;
    for (const [i, inputs] of microBatches.entries()) {
      const factor = weights[i] ?? 1;
      const pass = () => this.#backward(inputs, { microBatch: i, factor });
      loss += factor * (await this.#timed("forward+backward", pass));
      weight += factor;
    }
    const communicator = this.#communicator;
    if (communicator)
      [loss, weight] = await this.#timed("exchange", () => this.#exchange(communicator, loss, weight));
    const gradientNorm = await this.#timed("update", () => this.#update(learningRate, weight));
    return { loss: loss / weight, gradientNorm };
  }

  #timed<Result>(phase: string, work: () => Result | Promise<Result>): Result | Promise<Result> {
    return this.#trace ? this.#trace.time(phase, work) : work();
  }

  /** Updates the parameters by the gradient, summed over this weight, and returns its norm. */
  #update(learningRate: number, weight: number): number {
    const { kernels } = this.#memory.memory;
    const squares = kernels.sumOfSquares(this.#memory.offset("gradients"), this.#memory.trainedSize);
    const gradientNorm = Math.sqrt(squares) / weight;
    if (Number.isFinite(gradientNorm)) this.#apply(learningRate, this.#clip(gradientNorm) / weight);
    return gradientNorm;
  }

  /** Sums gradients, losses and weights over all processes, and averages what the passes left in buffers. */
  #exchange(communicator: Communicator, ...numbers: [loss: number, weight: number]): [number, number] {
    const totals = Float32Array.from(numbers);
    communicator.sum(totals);
    communicator.sum(this.#area("gradients"));
    for (const { buffer } of this.#options.training.updates) {
      const { data } = this.#memory.view("parameters", buffer);
      communicator.sum(data);
      scale(data, 1 / communicator.size);
    }
    return [totals[0]!, totals[1]!];
  }

  /** All floats of an area of trained parameters. */
  #area(area: string): Float32Array {
    return this.#memory.memory.floats(this.#memory.offset(area), this.#memory.trainedSize);
  }

  /** Factor that brings a gradient of this norm within the limit, as PyTorch's clip_grad_norm_ computes it. */
  #clip(norm: number): number {
    const { maxGradientNorm = Number.POSITIVE_INFINITY } = this.#options;
    return Math.min(1, maxGradientNorm / (norm + 1e-6));
  }

  #apply(learningRate: number, gradientScale: number): void {
    const { withoutDecay, rateScales } = this.#options;
    const still = new Set(withoutDecay);
    const segments = this.#memory.segments(this.#optimizer.slots, (name) => ({
      decay: Number(!still.has(name)),
      rateScale: rateScales?.get(name) ?? 1,
    }));
    for (const { decay, rateScale, ...segment } of segments)
      this.#optimizer.update(this.#memory.memory.kernels, segment, {
        step: this.#step,
        learningRate: learningRate * rateScale,
        gradientScale,
        decay,
      });
    this.#step++;
  }

  /** Runs one micro-batch and leaves (or adds) `factor` times its gradient in the memory. */
  async #backward(
    inputs: NdArrays,
    { microBatch, factor }: { microBatch: number; factor: number },
  ): Promise<number> {
    const { training } = this.#options;
    // Counted over all processes, so that no two draw the same masks.
    const { rank, size } = this.#communicator ?? { rank: 0, size: 1 };
    const dimensions = dimensionsOf(training.inputs, inputs);
    checkLimits(training.limits, inputs, dimensions);
    const masks = this.#masks.draw(this.#step, microBatch * size + rank, dimensions);
    const isFirst = microBatch === 0;
    const outputs = await this.#training.run(
      { ...inputs, ...masks, ...this.#parameters(training) },
      isFirst ? this.#denseGradients() : {},
    );
    for (const gradient of training.gradients) this.#collect(gradient, outputs, { isFirst, factor });
    for (const { buffer, value } of training.updates)
      this.#memory.view("parameters", buffer).data.set(outputs[value]!.data as Float32Array);
    return Number(outputs.loss!.data[0]);
  }

  #parameters({ parameters }: Program): NdArrays {
    return Object.fromEntries(parameters.map((name) => [name, this.#memory.view("parameters", name)]));
  }

  /** Where the first micro-batch's program writes its gradients: no copy, no second buffer. */
  #denseGradients(): NdArrays {
    return Object.fromEntries(
      this.#options.training.gradients.flatMap(({ parameter, dense }) =>
        dense ? [[dense, this.#memory.view("gradients", parameter)]] : [],
      ),
    );
  }

  #collect(
    { parameter, dense, rows }: GradientOutputs,
    outputs: NdArrays,
    { isFirst, factor }: { isFirst: boolean; factor: number },
  ): void {
    const into = this.#memory.view("gradients", parameter).data;
    if (isFirst && dense) scale(into, factor);
    if (!isFirst && dense) addTo(into, outputs[dense]!.data as Float32Array, factor);
    if (isFirst && !dense) into.fill(0);
    for (const { indices, values, paddingIndex } of rows)
      addRows(into, outputs[indices]!, outputs[values]!, { name: parameter, paddingIndex, factor });
  }

  async evaluate(inputs: NdArrays): Promise<NdArrays> {
    const { evaluation } = this.#options;
    checkLimits(evaluation.limits, inputs, dimensionsOf(evaluation.inputs, inputs));
    return this.#evaluation.run({ ...inputs, ...this.#parameters(evaluation) });
  }

  /** What happened when so far, where `profile` was asked for. */
  profile(): readonly Span[] {
    return [...(this.#trace?.spans ?? []), ...this.#training.kernels(), ...this.#evaluation.kernels()];
  }

  state(): TrainingState {
    const slots = new Map(this.#optimizer.slots.map((slot) => [slot, this.#memory.read(slot)]));
    return { step: this.#step, parameters: this.#memory.read("parameters"), slots };
  }

  /** @throws {TensorError} when the state belongs to another model or optimizer */
  restore({ step, parameters, slots }: TrainingState): void {
    if ([...slots.keys()].join() !== this.#optimizer.slots.join())
      throw new TensorError(
        `the state holds ${[...slots.keys()].join(", ") || "no moments"}, the optimizer needs ${this.#optimizer.slots.join(", ")}`,
      );
    for (const name of this.#memory.names)
      if (!parameters.has(name)) throw new TensorError(`the state lacks the parameter ${name}`);
    for (const [slot, arrays] of slots)
      for (const { parameter } of this.#options.training.gradients)
        if (!arrays.has(parameter)) throw new TensorError(`the state lacks the ${slot} of ${parameter}`);
    this.#memory.write("parameters", parameters);
    for (const [slot, arrays] of slots) this.#memory.write(slot, arrays);
    this.#step = step;
  }

  /** Takes over everything that training changes from the first process. */
  synchronise(): void {
    if (!this.#communicator) return;
    const step = Float64Array.of(this.#step);
    this.#communicator.broadcast(step);
    this.#step = step[0]!;
    for (const name of this.#memory.names)
      this.#communicator.broadcast(this.#memory.view("parameters", name).data);
    for (const slot of this.#optimizer.slots) this.#communicator.broadcast(this.#area(slot));
  }

  async close(): Promise<void> {
    await this.#training.close();
    await this.#evaluation.close();
  }
}

function addTo(into: Float32Array, values: Float32Array, factor: number): void {
  for (let i = 0; i < into.length; i++) into[i]! += factor * values[i]!;
}

function scale(values: Float32Array, factor: number): void {
  if (factor === 1) return;
  for (let i = 0; i < values.length; i++) values[i]! *= factor;
}

interface RowsOptions {
  readonly name: string;
  readonly paddingIndex?: number | undefined;
  readonly factor: number;
}

/** Adds rows [n, width] to the table rows their indices name; rows of the padding index stay out. */
function addRows(
  table: Float32Array,
  indices: NdArray,
  rows: NdArray,
  { name, paddingIndex, factor }: RowsOptions,
): void {
  const width = rows.shape.at(-1)!;
  const values = rows.data as Float32Array;
  for (let i = 0; i < indices.data.length; i++) {
    const index = Number(indices.data[i]);
    if (index === paddingIndex) continue;
    const start = index * width;
    if (index < 0 || start >= table.length) throw new TensorError(`index ${index} lies outside ${name}`);
    for (let j = 0; j < width; j++) table[start + j]! += factor * values[i * width + j]!;
  }
}
