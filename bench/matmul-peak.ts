/** The most that ONNX Runtime's matrix products reach on this machine: what shares of the peak refer to. */
import { compile, float32, input, matmul, openInference, sum } from "../src/tensor/index.ts";

const size = 2048;

/** Operations per second of the best of some products of two 2048 x 2048 matrices. */
export async function matmulPeak({
  runs = 6,
  threads,
}: {
  runs?: number;
  threads?: number;
} = {}): Promise<number> {
  const a = input("a", "float32", [size, size]);
  const b = input("b", "float32", [size, size]);
  // The sum keeps the result small: what is measured is the product, not the way back from the worker.
  const program = compile({ total: sum(matmul(a, b)) }, { parameters: new Map() });
  const session = await openInference(program.bytes, { threads });
  const values = float32(
    [size, size],
    Float32Array.from({ length: size * size }, (_, i) => Math.sin(i)),
  );
  let best = 0;
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    await session.run({ a: values, b: values });
    best = Math.max(best, (2 * size ** 3) / ((performance.now() - start) / 1000));
  }
  await session.close();
  return best;
}
