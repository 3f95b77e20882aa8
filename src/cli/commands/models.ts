/** `havn models`: registered versions, and which of them is served. */
import type { Command } from "commander";
import { inferenceAlias } from "../../tasks/index.ts";
import { type CommonOptions, withCommonOptions, withContext } from "../context.ts";
import { addExportCommand, addQuantizeCommand } from "./model-variants.ts";
import { parseVersion } from "./parse-version.ts";

export function addModelsCommand(program: Command): void {
  const models = program.command("models").description("registered models and their versions");
  withCommonOptions(models.command("list"))
    .description("all versions, newest first")
    .argument("[model]", "only this model")
    .action((model: string | undefined, options: CommonOptions) =>
      withContext(options, async ({ store, terminal }) => {
        const names = model ? [model] : (await store.searchRegisteredModels()).items.map(({ name }) => name);
        const versions = (await Promise.all(names.map((name) => store.listModelVersions(name)))).flat();
        const lines = versions.map(
          ({ name, version, aliases, runId, creationTime }) =>
            `${name} ${version}  ${new Date(creationTime).toISOString()}  run ${runId}  ${aliases.join(" ")}`,
        );
        terminal.result(lines.join("\n") || "no model is registered yet", versions);
      }),
    );
  withCommonOptions(models.command("promote"))
    .description(`gives a version the alias ${inferenceAlias}: services take it up by themselves`)
    .argument("<model>")
    .argument("<version>", "number of the version", parseVersion)
    .action((model: string, version: number, options: CommonOptions) =>
      withContext(options, async ({ store, terminal }) => {
        await store.setAlias(model, inferenceAlias, version);
        terminal.result(`version ${version} of ${model} is promoted`, {
          model,
          version,
          alias: inferenceAlias,
        });
      }),
    );
  addQuantizeCommand(models);
  addExportCommand(models);
}
