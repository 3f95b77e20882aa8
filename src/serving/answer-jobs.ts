/** The work of the thread behind `openInferenceWorker`: it opens task and model, and answers one job after the other. */
import { flushCompileCache } from "node:module";
import { parentPort, workerData } from "node:worker_threads";
import { TensorError } from "../tensor/index.ts";
import { answerInputs, streamAnswer } from "./answer-inputs.ts";
import { modelFailed } from "./outcome.ts";
import type { OpenedServable } from "./servable.ts";
import type { Job, Ran, ThreadData, ThreadMessage } from "./thread-messages.ts";

type Opened = OpenedServable<unknown, unknown, unknown>;

interface ServableModule {
  openServable(options: unknown, resources: { readonly threads: number }): Promise<Opened>;
}

const { source, threads } = workerData as ThreadData;
const port = parentPort!;
const say = (message: ThreadMessage) => port.postMessage(message);

export async function answerJobs(): Promise<void> {
  try {
    const { openServable }: ServableModule = await import(source.module);
    const opened = await openServable(source.options, { threads });
    let last = Promise.resolve();
    port.on("message", (job: Job) => {
      last = last.then(() => work(opened, job));
    });
    say({ kind: "ready" });
    flushCompileCache();
  } catch (error) {
    say({ kind: "unopened", error: error instanceof Error ? error : new Error(String(error)) });
  }
}

async function work(opened: Opened, job: Job): Promise<void> {
  const { id } = job;
  if (job.kind === "answer") {
    const outcomes = await answerInputs(opened, job.inputs);
    say({ kind: "answered", id, outcomes });
  } else if (job.kind === "run") say({ kind: "ran", id, ran: await run(opened, job) });
  else {
    const stop = new Int32Array(job.stop);
    const outcome = await streamAnswer(opened, job.input, {
      onPart: (part) => say({ kind: "part", id, part }),
      isWanted: () => Atomics.load(stop, 0) === 0,
    });
    say({ kind: "streamed", id, outcome });
  }
}

async function run({ model }: Opened, { tensors }: Extract<Job, { kind: "run" }>): Promise<Ran> {
  try {
    return { tensors: await model.run(tensors) };
  } catch (error) {
    // Tensors come from outside as they are: whether they fit, the model alone knows.
    if (error instanceof TensorError) return { refusal: { code: "invalid-input", message: error.message } };
    return { refusal: modelFailed(error) };
  }
}
