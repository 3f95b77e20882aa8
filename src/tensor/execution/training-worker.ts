/** The worker thread behind `startTraining` and `joinProcesses`. */
import { deserialize, serialize } from "node:v8";
import { parentPort } from "node:worker_threads";
import type { NdArrays } from "../ndarray.ts";
import type { Communicator } from "./communicator.ts";
import type { MpiLaunch } from "./mpi-launch.ts";
import { Trainer, type TrainerOptions } from "./trainer.ts";
import type { StepOptions, TrainingState } from "./training-session.ts";
import { serve, Transferred } from "./worker-calls.ts";

let trainer: Trainer | undefined;
let communicator: Communicator | undefined;

serve(parentPort!, {
  async join(launch: MpiLaunch) {
    // Whoever trains alone needs no MPI, and does not load what calls it.
    const { openCommunicator } = await import("./communicator.ts");
    communicator = openCommunicator(launch);
    return { rank: communicator.rank, size: communicator.size };
  },
  gather(value: unknown) {
    communicator!.barrier();
    return communicator!.gather(serialize(value)).map((bytes) => deserialize(bytes));
  },
  leave() {
    communicator!.barrier();
    communicator!.close();
  },
  async start(options: TrainerOptions) {
    trainer = await Trainer.start(options, communicator);
  },
  step: (microBatches: readonly NdArrays[], options: StepOptions) => trainer!.step(microBatches, options),
  evaluate: (inputs: NdArrays) => trainer!.evaluate(inputs),
  synchronise: () => trainer!.synchronise(),
  state() {
    const state = trainer!.state();
    const arrays = [state.parameters, ...state.slots.values()].flatMap((map) => [...map.values()]);
    return new Transferred(
      state,
      arrays.map(({ data }) => data.buffer as ArrayBuffer),
    );
  },
  restore: (state: TrainingState) => trainer!.restore(state),
  profile: () => trainer!.profile(),
  close: () => trainer!.close(),
});
