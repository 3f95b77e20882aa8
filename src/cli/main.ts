/** The `havn` command. */
import { Command } from "commander";
import pc from "picocolors";
import { havnVersion } from "./version.ts";

// Libraries that talk at debug level must not end up in the results.
console.debug = console.error;

const program = new Command("havn")
  .description("From a folder of data to a monitored machine-learning service.")
  .version(havnVersion())
  .showHelpAfterError("(add --help for what can be said)")
  .showSuggestionAfterError();

/** Where each command is: a server that only tracks has no use for what trains and serves. */
const commands: readonly [names: string, load: () => Promise<(program: Command) => void>][] = [
  ["up", async () => (await import("./commands/up.ts")).addUpCommand],
  ["init", async () => (await import("./commands/init.ts")).addInitCommand],
  ["train run", async () => (await import("./commands/train.ts")).addTrainCommands],
  ["evaluate", async () => (await import("./commands/evaluate.ts")).addEvaluateCommand],
  ["drift", async () => (await import("./commands/drift.ts")).addDriftCommand],
  ["sweep", async () => (await import("./commands/sweep.ts")).addSweepCommand],
  ["agent", async () => (await import("./commands/agent.ts")).addAgentCommand],
  ["reproduce", async () => (await import("./commands/reproduce.ts")).addReproduceCommand],
  ["serve", async () => (await import("./commands/serve.ts")).addServeCommand],
  ["load", async () => (await import("./commands/load.ts")).addLoadCommand],
  ["models", async () => (await import("./commands/models.ts")).addModelsCommand],
  ["track", async () => (await import("./commands/track.ts")).addTrackCommand],
];

const asked = process.argv[2] ?? "";
const known = commands.filter(([names]) => names.split(" ").includes(asked));
// Help lists all of them, and what is misspelled is compared with all.
for (const [, load] of known.length > 0 ? known : commands) (await load())(program);

try {
  await program.parseAsync();
} catch (error) {
  const isVerbose = process.argv.includes("--verbose");
  const message = error instanceof Error ? (isVerbose ? error.stack : error.message) : String(error);
  process.stderr.write(`${pc.red("error")} ${message}\n`);
  process.exitCode = 1;
}
