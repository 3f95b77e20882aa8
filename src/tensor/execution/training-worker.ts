/** The worker thread behind `startTraining`. */
import { parentPort } from "node:worker_threads";
import type { NdArrays } from "../ndarray.ts";
import { Trainer, type TrainerOptions } from "./trainer.ts";
import type { TrainingState } from "./training-session.ts";
import { serve, Transferred } from "./worker-calls.ts";

let trainer: Trainer | undefined;

serve(parentPort!, {
  async start(options: TrainerOptions) {
    trainer = await Trainer.start(options);
  },
  step: (microBatches: readonly NdArrays[], options: { learningRate: number }) =>
    trainer!.step(microBatches, options),
  evaluate: (inputs: NdArrays) => trainer!.evaluate(inputs),
  state() {
    const state = trainer!.state();
    const arrays = [state.parameters, ...state.slots.values()].flatMap((map) => [...map.values()]);
    return new Transferred(
      state,
      arrays.map(({ data }) => data.buffer as ArrayBuffer),
    );
  },
  restore: (state: TrainingState) => trainer!.restore(state),
  close: () => trainer!.close(),
});
