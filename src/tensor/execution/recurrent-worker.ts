/** The worker thread behind `openRecurrent`. */
import { parentPort, workerData } from "node:worker_threads";
import { TensorError } from "../errors.ts";
import type { NdArrays } from "../ndarray.ts";
import { putPlaces, takePlaces, takeRows } from "./places.ts";
import type { Caches } from "./recurrent-session.ts";
import { Runtime, type RuntimeOptions } from "./runtime.ts";
import { serve } from "./worker-calls.ts";

interface Sequence {
  readonly state: NdArrays;
  readonly caches: Caches;
}

const { model, options } = workerData as { model: string | Uint8Array; options: RuntimeOptions };
const sequences = new Map<number, Sequence>();
let runtime: Runtime | undefined;
let begun = 0;

serve(parentPort!, {
  async open() {
    runtime = await Runtime.load(model, options);
  },
  begin(state: NdArrays, caches: Caches) {
    sequences.set(++begun, { state: { ...state }, caches });
    return begun;
  },
  async run(id: number, inputs: NdArrays, place: number) {
    const { state, caches } = sequenceOf(id);
    const outputs = await runtime!.run({ ...state, ...inputs });
    const results: NdArrays = {};
    for (const [name, array] of Object.entries(outputs)) {
      const cache = caches.inputs[name];
      if (cache === undefined) results[name] = array;
      else putPlaces(state[cache]!, array, { axis: caches.axis, place });
    }
    return results;
  },
  keepRows(id: number, rows: readonly number[]) {
    const { state } = sequenceOf(id);
    for (const [name, array] of Object.entries(state)) state[name] = takeRows(array, rows);
  },
  keepPlaces(id: number, places: readonly (readonly number[])[], size: number) {
    const { state, caches } = sequenceOf(id);
    for (const name of Object.values(caches.inputs))
      state[name] = takePlaces(state[name]!, { axis: caches.axis, places, size });
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
