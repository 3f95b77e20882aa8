/**
 * A process that logs predictions: node log-predictions.ts FOLDER. It takes a command a line: a number adds that many
 * predictions, `flush` writes them, `storm` adds and flushes for ever; each is answered with the last number logged.
 */
import { createInterface } from "node:readline";
import { openPredictionLog } from "../prediction-log.ts";

const log = openPredictionLog(process.argv[2]!, { flushIntervalMs: 1e9 });
let last = 0;

function add(): void {
  last++;
  const input = { statement: "x".repeat(200) };
  log.add({ id: `${last}`, project: "p", modelVersion: 1, time: last, latencyMs: 0, input, answer: null });
}

for await (const command of createInterface({ input: process.stdin })) {
  if (command === "flush") await log.flush();
  else if (command === "storm") {
    for (;;) {
      add();
      await log.flush();
      process.stdout.write(`${last}\n`);
    }
  } else for (let i = 0; i < Number(command); i++) add();
  process.stdout.write(`${last}\n`);
}
