/** The `havn` command. */
import { Command } from "commander";
import pc from "picocolors";
import { addAgentCommand } from "./commands/agent.ts";
import { addEvaluateCommand } from "./commands/evaluate.ts";
import { addInitCommand } from "./commands/init.ts";
import { addLoadCommand } from "./commands/load.ts";
import { addModelsCommand } from "./commands/models.ts";
import { addServeCommand } from "./commands/serve.ts";
import { addSweepCommand } from "./commands/sweep.ts";
import { addTrackCommand } from "./commands/track.ts";
import { addTrainCommands } from "./commands/train.ts";
import { addUpCommand } from "./commands/up.ts";
import { havnVersion } from "./version.ts";

// Libraries that talk at debug level must not end up in the results.
console.debug = console.error;

const program = new Command("havn")
  .description("From a folder of data to a monitored machine-learning service.")
  .version(havnVersion())
  .showHelpAfterError("(add --help for what can be said)")
  .showSuggestionAfterError();

addUpCommand(program);
addInitCommand(program);
addTrainCommands(program);
addEvaluateCommand(program);
addSweepCommand(program);
addAgentCommand(program);
addServeCommand(program);
addLoadCommand(program);
addModelsCommand(program);
addTrackCommand(program);

try {
  await program.parseAsync();
} catch (error) {
  const isVerbose = process.argv.includes("--verbose");
  const message = error instanceof Error ? (isVerbose ? error.stack : error.message) : String(error);
  process.stderr.write(`${pc.red("error")} ${message}\n`);
  process.exitCode = 1;
}
