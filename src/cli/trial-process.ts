/** The process of one trial of a sweep: trains, tells its agent how it goes, and ends with it. */
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { loadProject, projectConfig, resumedConfig, trainingRun } from "../tasks/index.ts";
import type { TrackingOptions } from "./choose-sweep-store.ts";
import { chooseTracker } from "./choose-tracker.ts";
import { type CommonOptions, withContext } from "./context.ts";

/** What an agent gives the process as its one argument, as JSON. */
export interface TrialOrder {
  /** Folder of the project. */
  readonly project: string;
  readonly options: CommonOptions & TrackingOptions;
  readonly overrides: readonly string[];
  /** Of the run: sweep and trial. */
  readonly tags: Readonly<Record<string, string>>;
  /** A run that an earlier agent began on this machine. */
  readonly resume?: string | undefined;
}

/** What the process tells its agent. */
export const trialMessage = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("run"), runId: z.string() }),
  // NaN and the infinities become null on their way.
  z.object({
    kind: z.literal("evaluation"),
    metrics: z.record(z.string(), z.number().nullable()),
    count: z.number(),
  }),
  z.object({ kind: z.literal("ended"), status: z.enum(["finished", "interrupted"]), runId: z.string() }),
  z.object({ kind: z.literal("failed"), message: z.string() }),
]);

export type TrialMessage = z.input<typeof trialMessage>;

const havnProgram = fileURLToPath(new URL("../../bin/havn.js", import.meta.url));

/** Runs in the process that `runTrialProcess` starts. */
async function main(order: TrialOrder): Promise<void> {
  const tell = (message: TrialMessage): Promise<void> =>
    new Promise((sent) => (process.connected ? process.send!(message, () => sent()) : sent()));
  // What the run is said to have been made by: the same, as one would type it.
  process.argv = [process.execPath, havnProgram, "train", order.project, ...order.overrides];
  const stop = new AbortController();
  process.on("message", () => stop.abort());
  // An agent that is killed takes its trial with it: another agent will have it, and two would write to one run.
  process.on("disconnect", () => process.exit(1));
  try {
    const { runId, status } = await withContext(order.options, async (context) => {
      const project = await loadProject(order.project);
      const { checkpoints, cache } = context;
      const store = chooseTracker(context, order.options.tracking);
      const run = order.resume === undefined ? undefined : await store.getRun(order.resume);
      const config = run
        ? await resumedConfig(project, run, store)
        : projectConfig(project, order.overrides, { command: `havn train ${project.name}` });
      return trainingRun(project, {
        ...{ store, checkpoints, cache, config, resume: run, tags: order.tags },
        signal: AbortSignal.any([context.signal, stop.signal]),
        onRun: (runId) => void tell({ kind: "run", runId }),
        report: (event) => {
          if (event.kind === "epoch")
            void tell({ kind: "evaluation", metrics: { ...event.metrics }, count: event.epoch });
        },
      });
    });
    await tell({ kind: "ended", status: status === "interrupted" ? "interrupted" : "finished", runId });
  } catch (error) {
    await tell({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
    process.exitCode = 1;
  }
  process.removeAllListeners("disconnect");
  process.disconnect?.();
}

if (process.send && process.argv[2]) await main(JSON.parse(process.argv[2]) as TrialOrder);
