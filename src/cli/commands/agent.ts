/** `havn agent`: joins a sweep that was started elsewhere. */
import type { Command } from "commander";
import { loadProject } from "../../tasks/index.ts";
import { chooseSweepStore, type TrackingOptions, trackingOption } from "../choose-sweep-store.ts";
import { type CommonOptions, withCommonOptions, withContext } from "../context.ts";
import { ofSweep } from "../find-by-id.ts";
import { finishSweep, parseCount } from "./sweep.ts";

interface AgentOptions extends CommonOptions, TrackingOptions {
  readonly agents: number;
  readonly project?: string;
}

export function addAgentCommand(program: Command): void {
  withCommonOptions(program.command("agent"))
    .description("work on a sweep, from any machine that reaches its store")
    .argument("<sweep>", "as havn sweep and havn sweep list name it")
    .option("--agents <n>", "how many trials at once on this machine; they share the cores", parseCount, 1)
    .option("--project <folder>", "where the project lies; found by its name unless given")
    .addOption(trackingOption())
    .action((sweepId: string, options: AgentOptions) =>
      withContext(options, async (context) => {
        const store = await chooseSweepStore(context, options.tracking);
        const sweep = await ofSweep(store.getSweep(sweepId), context);
        const project = await loadProject(options.project ?? sweep.project);
        await finishSweep(context, { project, typed: options.project, sweep, store }, options);
      }),
    );
}
