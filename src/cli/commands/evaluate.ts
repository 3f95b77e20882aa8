/** `havn evaluate`. */
import type { Command } from "commander";
import {
  evaluationRun,
  loadProject,
  promotedVersion,
  resumedConfig,
  TaskError,
  versionFolder,
} from "../../tasks/index.ts";
import { type CommonOptions, withCommonOptions, withContext } from "../context.ts";
import { formatMetrics } from "../terminal.ts";

interface EvaluateOptions extends CommonOptions {
  readonly run?: string;
}

export function addEvaluateCommand(program: Command): void {
  withCommonOptions(program.command("evaluate"))
    .description("measure a model on the test split, list what it gets wrong")
    .argument("<project>", "name or folder of the project")
    .option("--run <run>", "the model of this run; the promoted one unless given")
    .action(async (name: string, options: EvaluateOptions) => {
      const project = await loadProject(name);
      await withContext(options, async ({ store, terminal }) => {
        const promoted = await promotedVersion(project, store);
        const model = options.run ? { runId: options.run } : promoted && versionFolder(promoted);
        if (!model)
          throw new TaskError(
            `${project.name} has no model yet; train one with\n  npx havn run ${project.name}`,
          );
        const { runId } = model;
        const config = await resumedConfig(project, await store.getRun(runId), store);
        const evaluated = await evaluationRun(project, model, { store, config });
        const words = [
          `run ${runId} on ${evaluated.rows} rows: ${formatMetrics(evaluated.metrics)}`,
          `${evaluated.mistakes} misclassified rows are its artifact ${evaluated.folder}/misclassified.csv`,
        ];
        terminal.result(words.join("\n"), evaluated);
      });
    });
}
