/** The worker thread behind `openRecurrent`. */
import { parentPort, workerData } from "node:worker_threads";
import { TensorError } from "../errors.ts";
import type { NdArray, NdArrays } from "../ndarray.ts";
import { Runtime, type RuntimeOptions } from "./runtime.ts";
import { serve } from "./worker-calls.ts";

interface Sequence {
  readonly state: NdArrays;
  readonly carried: Readonly<Record<string, string>>;
}

const { model, options } = workerData as { model: string | Uint8Array; options: RuntimeOptions };
const sequences = new Map<number, Sequence>();
let runtime: Runtime | undefined;
let begun = 0;

serve(parentPort!, {
  async open() {
    runtime = await Runtime.load(model, options);
  },
  begin(state: NdArrays, carried: Sequence["carried"]) {
    sequences.set(++begun, { state: { ...state }, carried });
    return begun;
  },
  async run(id: number, inputs: NdArrays) {
    const { state, carried } = sequenceOf(id);
    const outputs = await runtime!.run({ ...state, ...inputs });
    const results: NdArrays = {};
    for (const [name, array] of Object.entries(outputs)) {
      const input = carried[name];
      if (input === undefined) results[name] = array;
      else state[input] = array;
    }
    return results;
  },
  select(id: number, rows: readonly number[]) {
    const { state } = sequenceOf(id);
    for (const [name, array] of Object.entries(state)) state[name] = rowsOf(array, rows);
  },
  end(id: number) {
    sequences.delete(id);
  },
});

function sequenceOf(id: number): Sequence {
  const sequence = sequences.get(id);
  if (!sequence) throw new TensorError("the sequence of runs has ended");
  return sequence;
}

function rowsOf(array: NdArray, rows: readonly number[]): NdArray {
  const width = array.data.length / array.shape[0]!;
  const data = array.data.slice(0, rows.length * width);
  // Both are of the array's own type, which TypeScript does not follow through the union.
  for (const [to, from] of rows.entries())
    (data as Uint8Array).set(array.data.subarray(from * width, (from + 1) * width) as Uint8Array, to * width);
  return { ...array, shape: [rows.length, ...array.shape.slice(1)], data } as NdArray;
}
