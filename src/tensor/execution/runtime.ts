/** ONNX Runtime in the thread that calls it; sessions and workers are built on it. */
import "./without-telemetry.ts";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { TensorError } from "../errors.ts";
import type { DType, NdArray, NdArrays } from "../ndarray.ts";
import { sizeOf } from "../ndarray.ts";
import { checkInputs, type InputSignature } from "./check-inputs.ts";
import { KernelProfile, type KernelProfileOptions } from "./kernel-profile.ts";
import { type Span, traceClock } from "./trace.ts";

export interface RuntimeOptions {
  /** Threads of one run; all cores unless given. */
  readonly threads?: number | undefined;
  /** Measures every kernel of the first runs. */
  readonly profile?: KernelProfileOptions | undefined;
}

const dtypes: readonly string[] = ["float32", "int64", "int32", "bool", "uint8"] satisfies DType[];

/** Arrays as ONNX Runtime's tensors over the same memory. */
export function toOrt({ dtype, shape, data }: NdArray): OrtTensor {
  if (data.length !== sizeOf(shape))
    throw new TensorError(
      `an array of shape [${shape.join(", ")}] must have ${sizeOf(shape)} elements, got ${data.length}`,
    );
  return new OrtTensor(dtype, data, shape);
}

export function fromOrt(name: string, tensor: OrtTensor): NdArray {
  if (!dtypes.includes(tensor.type))
    throw new TensorError(`output ${name} has the unsupported type ${tensor.type}`);
  return { dtype: tensor.type, shape: tensor.dims, data: tensor.data } as NdArray;
}

/** A loaded model; `run` blocks the thread for as long as it computes. */
export class Runtime {
  readonly #session: InferenceSession;
  readonly #profile: KernelProfile | undefined;
  #isProfiling: boolean;
  /** What the model takes: what the caller gives comes before the parameters. */
  readonly inputs: readonly InputSignature[];

  private constructor(session: InferenceSession, profile: KernelProfile | undefined) {
    this.#session = session;
    this.#profile = profile;
    this.#isProfiling = profile !== undefined;
    this.inputs = session.inputMetadata.flatMap((input) =>
      input.isTensor ? [{ name: input.name, dtype: input.type, shape: input.shape }] : [],
    );
  }

  /** @param model a file, or the bytes of a ModelProto */
  static async load(model: string | Uint8Array, { threads, profile }: RuntimeOptions = {}): Promise<Runtime> {
    const kernels = profile && new KernelProfile(profile);
    const options: InferenceSession.SessionOptions = {
      graphOptimizationLevel: "all",
      logSeverityLevel: 3,
      // Memory planned by shape is kept for each shape: a DistilBERT step of 64 x 32 tokens peaks at 3.4 GB with
      // it and at 2.65 GB without, in the same time (1.77 and 1.83 s, apart by less than two runs are).
      enableMemPattern: false,
      ...(threads !== undefined && { intraOpNumThreads: threads }),
      ...(kernels && { enableProfiling: true, profileFilePrefix: kernels.filePrefix }),
    };
    try {
      const session =
        typeof model === "string"
          ? await InferenceSession.create(model, options)
          : await InferenceSession.create(model, options);
      return new Runtime(session, kernels);
    } catch (error) {
      const what = typeof model === "string" ? model : "the compiled program";
      throw new TensorError(`${what} is not a model that ONNX Runtime can load: ${(error as Error).message}`);
    }
  }

  get inputNames(): readonly string[] {
    return this.#session.inputNames;
  }

  get outputNames(): readonly string[] {
    return this.#session.outputNames;
  }

  /**
   * @param into memory that receives outputs in place; others get memory of their own
   * @throws {TensorError} when an input is missing, or has a wrong type or shape
   */
  async run(inputs: NdArrays, into: NdArrays = {}): Promise<NdArrays> {
    checkInputs(this.inputs, inputs);
    const feeds = Object.fromEntries(this.inputNames.map((name) => [name, toOrt(inputs[name]!)]));
    const fetches = Object.fromEntries(
      this.outputNames.map((name) => [name, into[name] ? toOrt(into[name]) : null]),
    );
    const results = await this.#run(feeds, fetches);
    return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, fromOrt(name, tensor)]));
  }

  async #run(feeds: Record<string, OrtTensor>, fetches: Record<string, OrtTensor | null>) {
    if (this.#isProfiling) this.#profile?.begin(traceClock());
    try {
      const results = await this.#session.run(feeds, fetches);
      if (this.#profile?.isFull) this.#endProfiling();
      return results;
    } catch (error) {
      const shapes = Object.entries(feeds)
        .slice(0, 8)
        .map(([name, { type, dims }]) => `${name} ${type}[${dims.join(", ")}]`);
      throw new TensorError(`the program failed: ${(error as Error).message} (inputs: ${shapes.join(", ")})`);
    }
  }

  /** The kernels of the runs that were profiled; profiling ends with the first call. */
  kernels(): Span[] {
    this.#endProfiling();
    return this.#profile?.read() ?? [];
  }

  #endProfiling(): void {
    if (!this.#isProfiling) return;
    this.#session.endProfiling();
    this.#isProfiling = false;
  }

  async close(): Promise<void> {
    this.#endProfiling();
    this.#profile?.remove();
    await this.#session.release();
  }
}
