/** `havn init`. */
import { relative } from "node:path";
import type { Command } from "commander";
import { shellQuote } from "../../config/index.ts";
import { initProject, TaskError } from "../../tasks/index.ts";
import { terminal } from "../terminal.ts";

interface InitOptions {
  readonly task: string;
  readonly csv: string;
  readonly text: string;
  readonly label: string;
  readonly json?: boolean;
}

/** Tasks that there is a template for. */
const tasks = ["text-classification"];

export function addInitCommand(program: Command): void {
  program
    .command("init")
    .description("write a project of your own that trains and serves at once")
    .argument("<folder>", "where to; its last name is that of the project")
    .option("--task <kind>", tasks.join(" | "), "text-classification")
    .requiredOption("--csv <file>", "your rows: CSV, TSV, JSONL or Parquet")
    .requiredOption("--text <column>", "the column that the model reads")
    .requiredOption("--label <column>", "the column that it is to tell")
    .option("--json", "print the result as one line of JSON")
    .action(async (folder: string, { task, csv, text, label, json = false }: InitOptions) => {
      if (!tasks.includes(task)) throw new TaskError(`--task must be ${tasks.join(" or ")}, got ${task}`);
      const made = await initProject({ folder, table: csv, text, label });
      const { train, validation, test } = made.rows;
      const shown = relative(process.cwd(), made.folder) || ".";
      const words = [
        `${shown} is a project of ${made.labels.length} labels (${made.labels.slice(0, 5).join(", ")}${made.labels.length > 5 ? ", ..." : ""})`,
        `with ${train} rows for training, ${validation} for validation and ${test} for the test. Train and serve it with`,
        `  npx havn run ${shellQuote(shown)}`,
        `  npx havn serve ${shellQuote(shown)}`,
      ];
      terminal({ json }).result(words.join("\n"), made);
    });
}
