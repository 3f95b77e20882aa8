import { TensorError } from "../errors.ts";
import type { NdArrays } from "../ndarray.ts";
import { putPlaces, takePlaces, takeRows } from "./places.ts";
import type { Caches, Recurrence, RecurrentSession } from "./recurrent-session.ts";
import { Runtime, type RuntimeOptions } from "./runtime.ts";

/**
 * Opens a program with caches in the thread that calls: for threads that do nothing else meanwhile, since a run blocks
 * them.
 * @param model an ONNX file, or its bytes
 * @throws {TensorError} when ONNX Runtime cannot load it
 */
export async function openLocalRecurrent(
  model: string | Uint8Array,
  options: RuntimeOptions = {},
): Promise<RecurrentSession> {
  const runtime = await Runtime.load(model, options);
  return {
    begin: async (state, caches) => recurrence(runtime, { ...state }, caches),
    close: () => runtime.close(),
  };
}

/** @param first its own: what is in it is replaced */
function recurrence(runtime: Runtime, first: NdArrays, caches: Caches): Recurrence {
  let state: NdArrays | undefined = first;
  const stateNow = () => {
    if (!state) throw new TensorError("the sequence of runs has ended");
    return state;
  };
  return {
    async run(inputs, place) {
      const outputs = await runtime.run({ ...stateNow(), ...inputs });
      const results: NdArrays = {};
      for (const [name, array] of Object.entries(outputs)) {
        const cache = caches.inputs[name];
        if (cache === undefined) results[name] = array;
        else putPlaces(stateNow()[cache]!, array, { axis: caches.axis, place });
      }
      return results;
    },
    async keepRows(rows) {
      const state = stateNow();
      for (const [name, array] of Object.entries(state)) state[name] = takeRows(array, rows);
    },
    async keepPlaces(places, size) {
      const state = stateNow();
      for (const name of Object.values(caches.inputs))
        state[name] = takePlaces(state[name]!, { axis: caches.axis, places, size });
    },
    async end() {
      state = undefined;
    },
  };
}
