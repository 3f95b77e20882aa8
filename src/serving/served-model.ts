/** A model version that answers: its workers, and the queue in front of them. */
import { availableParallelism } from "node:os";
import type { Logger } from "pino";
import { type Clock, systemClock } from "./clock.ts";
import { InferenceQueue, type InferenceQueueOptions } from "./inference-queue.ts";
import { type InferenceWorker, openInferenceWorker } from "./inference-worker.ts";
import { inputLength } from "./input-length.ts";
import type { ServableSource } from "./thread-messages.ts";

/** An input or output of the model's program; a dimension that is a name takes any size. */
export interface ModelTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly (number | string)[];
}

export interface ModelTensors {
  readonly inputs: readonly ModelTensor[];
  readonly outputs: readonly ModelTensor[];
}

export interface ServingLimits
  extends Pick<
    InferenceQueueOptions,
    "maxBatch" | "maxWaitMs" | "maxQueued" | "maxQueuedMs" | "deadlineMs" | "workers"
  > {}

export interface ServedModelOptions {
  readonly name: string;
  readonly version: number;
  readonly source: ServableSource;
  /** Of its program, where it has one. */
  readonly tensors?: ModelTensors | undefined;
  /** An input that each worker answers before the first request. */
  readonly example?: unknown;
  readonly limits?: ServingLimits | undefined;
  readonly clock?: Clock | undefined;
  readonly logger?: Logger | undefined;
}

export interface ServedModel<Input = unknown, Answer = unknown> {
  readonly name: string;
  readonly version: number;
  readonly tensors: ModelTensors | undefined;
  readonly queue: InferenceQueue<Input, Answer>;
}

/** A copy of the model for each of so many cores: beyond it memory is worth more than the last per cent of speed. */
const mostWorkers = 4;

/**
 * Opens a model version: its first worker, warm, while the others follow in the background. Unless told otherwise there
 * is a worker for each core, up to four, and they share the cores' threads.
 */
export async function openServedModel<Input, Answer>({
  name,
  version,
  source,
  tensors,
  example,
  limits = {},
  clock = systemClock,
  logger,
}: ServedModelOptions): Promise<ServedModel<Input, Answer>> {
  const cores = availableParallelism();
  const workers = limits.workers ?? Math.min(mostWorkers, cores);
  const threads = Math.max(1, Math.floor(cores / workers));
  const open = async () => {
    const worker = await openInferenceWorker<Input, Answer>(source, { threads });
    await warmUp(worker, example as Input | undefined);
    return worker;
  };
  const first = await open();
  // The second run is as fast as those to come.
  const start = clock.elapsed();
  await warmUp(first, example as Input | undefined);
  const firstMs = example === undefined ? undefined : clock.elapsed() - start;
  const queue = new InferenceQueue<Input, Answer>(first, {
    ...limits,
    firstMs,
    workers,
    open,
    clock,
    logger,
  });
  return { name, version, tensors, queue };
}

/** The first run of a model is slow: its memory is not laid out yet. */
async function warmUp<Input>(worker: InferenceWorker<Input, unknown>, example: Input | undefined) {
  if (example !== undefined) await worker.answer([example]);
}

/** The queue's answer to an input. */
export const ask = <Input, Answer>(
  { queue }: Pick<ServedModel<Input, Answer>, "queue">,
  input: Input,
  signal?: AbortSignal,
) => queue.ask(input, inputLength(input), { signal });
