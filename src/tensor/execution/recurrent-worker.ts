/** The worker thread behind `openRecurrent`. */
import { parentPort, workerData } from "node:worker_threads";
import { TensorError } from "../errors.ts";
import type { NdArrays } from "../ndarray.ts";
import { openLocalRecurrent } from "./local-recurrent.ts";
import type { Caches, Recurrence, RecurrentSession } from "./recurrent-session.ts";
import type { RuntimeOptions } from "./runtime.ts";
import { serve } from "./worker-calls.ts";

const { model, options } = workerData as { model: string | Uint8Array; options: RuntimeOptions };
const sequences = new Map<number, Recurrence>();
let session: RecurrentSession | undefined;
let begun = 0;

serve(parentPort!, {
  async open() {
    session = await openLocalRecurrent(model, options);
  },
  async begin(state: NdArrays, caches: Caches) {
    sequences.set(++begun, await session!.begin(state, caches));
    return begun;
  },
  run: (id: number, inputs: NdArrays, place: number) => sequenceOf(id).run(inputs, place),
  keepRows: (id: number, rows: readonly number[]) => sequenceOf(id).keepRows(rows),
  keepPlaces: (id: number, places: readonly (readonly number[])[], size: number) =>
    sequenceOf(id).keepPlaces(places, size),
  end: (id: number) => sequences.delete(id),
});

function sequenceOf(id: number): Recurrence {
  const sequence = sequences.get(id);
  if (!sequence) throw new TensorError("the sequence of runs has ended");
  return sequence;
}
