/**
 * Trains in a process of its own, which kills itself with SIGKILL at a chosen moment.
 * Arguments: checkpoint folder, metrics file, `step N` | `writing FILE` (of a checkpoint) | `never`.
 * Prints the final parameters as JSON.
 */
import { appendFileSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Metric } from "../../tracking/index.ts";
import type { MetricLog } from "../metric-log.ts";
import { train } from "../train.ts";
import { logisticSession, pointClassification, points, smallSettings } from "./logistic-regression.ts";

const [folder, metricsFile, moment, detail] = process.argv.slice(2) as [string, string, string, string?];
const killSelf = () => process.kill(process.pid, "SIGKILL");

const run: MetricLog = {
  logMetrics(metrics) {
    appendFileSync(metricsFile, metrics.map((metric) => `${JSON.stringify(metric)}\n`).join(""));
  },
  latestMetrics() {
    if (!existsSync(metricsFile)) return {};
    const metrics: Metric[] = readFileSync(metricsFile, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    return Object.fromEntries(metrics.map((metric) => [metric.key, metric]));
  },
};

/** Looks after every turn of the event loop whether a checkpoint is half written. */
function watch(file: string): void {
  const temporary = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".tmp")) : [];
  // What an earlier kill has left is not ours.
  const ours = temporary.filter((name) => !leftBehind.has(name));
  if (ours.some((name) => existsSync(join(folder, name, file)))) killSelf();
  setImmediate(watch, file).unref();
}
const leftBehind = new Set(existsSync(folder) ? readdirSync(folder) : []);
if (moment === "writing") watch(detail!);

const session = logisticSession();
await train({
  session,
  trainable: pointClassification,
  rows: { train: points(30), validation: points(14, 2) },
  settings: smallSettings,
  checkpoints: { folder, every: { steps: 2 }, resume: true },
  run,
  report(event) {
    if (event.kind === "step" && moment === "step" && event.step === Number(detail)) killSelf();
  },
});
const { parameters } = await session.state();
process.stdout.write(JSON.stringify([...parameters].map(([name, { data }]) => [name, [...data]])));
