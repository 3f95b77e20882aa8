/** The compiled kernels over a memory of their own. */
import { readFileSync } from "node:fs";
import { TensorError } from "../errors.ts";

/** Pointers are byte offsets into the memory, counts are floats; see kernels.as.ts. */
export interface Kernels {
  sumOfSquares(x: number, count: number): number;
  adam(
    parameter: number,
    gradient: number,
    first: number,
    second: number,
    count: number,
    gradientScale: number,
    l2: number,
    keep: number,
    rate: number,
    beta1: number,
    beta2: number,
    secondScale: number,
    epsilon: number,
  ): void;
  nesterov(
    parameter: number,
    gradient: number,
    velocity: number,
    count: number,
    gradientScale: number,
    l2: number,
    rate: number,
    momentum: number,
  ): void;
  dropoutMask(
    mask: number,
    count: number,
    key1: number,
    key2: number,
    threshold: number,
    factor: number,
  ): void;
}

const pageBytes = 65_536;
const largestMemory = 65_536 * pageBytes;

/**
 * WebAssembly memory with the kernels that work on it. ONNX Runtime reads and writes arrays over it in place, which
 * it refuses to do with a shared memory.
 */
export class KernelMemory {
  readonly kernels: Kernels;
  readonly #memory: WebAssembly.Memory;

  /** @throws {TensorError} when more than the 4 GiB of a 32-bit memory are asked for */
  constructor(sizeBytes: number) {
    if (sizeBytes > largestMemory)
      throw new TensorError(
        `${(sizeBytes / 2 ** 30).toFixed(1)} GiB of parameters, gradients and moments exceed 4 GiB`,
      );
    this.#memory = new WebAssembly.Memory({ initial: pages(sizeBytes), maximum: 65_536 });
    const module = new WebAssembly.Module(readFileSync(new URL("./kernels.wasm", import.meta.url)));
    const instance = new WebAssembly.Instance(module, { env: { memory: this.#memory, abort } });
    this.kernels = instance.exports as unknown as Kernels;
  }

  /** Grows the memory to at least this size; views made before are no longer valid then. */
  reserve(sizeBytes: number): void {
    const missing = pages(sizeBytes) - this.#memory.buffer.byteLength / pageBytes;
    if (missing > 0) this.#memory.grow(missing);
  }

  /** @param offset in bytes; @param count of floats */
  floats(offset: number, count: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.#memory.buffer, offset, count);
  }
}

const pages = (sizeBytes: number): number => Math.max(1, Math.ceil(sizeBytes / pageBytes));

function abort(): never {
  throw new TensorError("a kernel stopped");
}

/** Next multiple of four: kernels work on four floats at a time. */
export const padded = (count: number): number => Math.ceil(count / 4) * 4;
