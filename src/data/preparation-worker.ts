/** The worker thread behind `openThreads`: opens a preparation from its source and prepares what it is sent. */
import { parentPort } from "node:worker_threads";
import { serve, Transferred } from "../tensor/index.ts";
import type { Loadable, PreparationSource } from "./preparation.ts";
import { type PreparationRequest, type Prepared, prepareExamples } from "./prepare-examples.ts";

let loadable: Loadable<unknown, unknown> | undefined;

serve(parentPort!, {
  async open({ module, options }: PreparationSource) {
    const opened: { open(options: unknown): Promise<Loadable<unknown, unknown>> } = await import(module);
    loadable = await opened.open(options);
  },
  examples: async (request: PreparationRequest<unknown>) =>
    withItsBuffers(await prepareExamples(loadable!, request)),
  async batch(request: PreparationRequest<unknown>) {
    const prepared = await prepareExamples(loadable!, request);
    return "failed" in prepared ? prepared : withItsBuffers({ value: loadable!.collate(prepared.value) });
  },
});

/** Arrays are moved, not copied: a batch of images has 20 MB. */
function withItsBuffers<Value>(prepared: Prepared<Value>): Transferred<Prepared<Value>> {
  const buffers = new Set<ArrayBuffer>();
  if ("value" in prepared) collectBuffers(prepared.value, buffers);
  return new Transferred(prepared, [...buffers]);
}

function collectBuffers(value: unknown, into: Set<ArrayBuffer>): void {
  if (typeof value !== "object" || value === null) return;
  if (!ArrayBuffer.isView(value)) {
    for (const part of Object.values(value)) collectBuffers(part, into);
    return;
  }
  const { buffer, byteLength } = value;
  // A view of a part of a buffer may have neighbours that are not ours.
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) into.add(buffer);
}
