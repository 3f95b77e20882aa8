/** `npm run bench -- tracking`: the tracking server beside the Python MLflow server, and what it does with many runs. */
import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import { measureManyRuns } from "./measure-many-runs.ts";
import { measureMlflow, measureTracking, type TrackingFigures, trackingRatios } from "./measure-tracking.ts";

interface Options {
  readonly seconds: number;
  readonly runs: number;
  readonly peer?: string;
  readonly large?: boolean;
  readonly json?: boolean;
}

export function addTrackingCommand(program: Command): void {
  program
    .command("tracking")
    .description("calls a second of the tracking server, its searches and its memory")
    .option("--seconds <n>", "how long each rate is measured", number, 3)
    .option("--runs <n>", "runs that are searched, with ten metrics each", number, 2000)
    .option("--peer <python>", "measures the Python server beside it: a Python with mlflow 3")
    .option("--large", "searches 100,000 runs too and, with --peer, reads 30,000 through MLflow's own client")
    .option("--json", "prints one JSON object")
    .action(async ({ json, peer: python, large, ...bench }: Options) => {
      const figures = await measureTracking(bench);
      const peer = python && (await measureMlflow(python, bench));
      const ratios = peer && trackingRatios(figures, peer);
      const many = large && (await measureManyRuns(python));
      const lines = [...describe(figures, ratios || undefined), ...(many ? describeMany(many) : [])];
      const all = { ...figures, ...(peer && { peer, ratios }), ...(many && { many }) };
      console.log(json ? JSON.stringify(all) : lines.join("\n"));
    });
}

function describe(figures: TrackingFigures, ratios?: TrackingFigures): string[] {
  const line = (words: string, key: keyof TrackingFigures) =>
    ratios ? `${words} (${ratios[key].toFixed(1)} times as good as the Python server)` : words;
  const perSecond = (value: number) => `${value.toFixed(value < 100 ? 1 : 0)} a second`;
  const milliseconds = (seconds: number) => `${(1000 * seconds).toFixed(0)} ms`;
  return [
    line(`ready after ${figures.readySeconds.toFixed(2)} s`, "readySeconds"),
    line(`log-metric, one client: ${perSecond(figures.logMetricPerSecond)}`, "logMetricPerSecond"),
    line(
      `log-metric, eight clients: ${perSecond(figures.logMetricPerSecondOfEight)}`,
      "logMetricPerSecondOfEight",
    ),
    line(`log-batch of 1,000 metrics: ${perSecond(figures.logBatchPerSecond)}`, "logBatchPerSecond"),
    line(`runs made: ${perSecond(figures.createRunPerSecond)}`, "createRunPerSecond"),
    line(`search with filter and order: ${milliseconds(figures.searchSeconds)}`, "searchSeconds"),
    line(`history of 10,000 values: ${milliseconds(figures.historySeconds)}`, "historySeconds"),
    line(`memory: ${(figures.residentBytes / 1e6).toFixed(0)} MB`, "residentBytes"),
  ];
}

function describeMany({
  searches,
  ownClientRead,
  clientRead,
}: Awaited<ReturnType<typeof measureManyRuns>>): string[] {
  return [
    ...searches.map(
      ({ filter, orderBy, maxResults, seconds }) =>
        `100,000 runs x 20 metrics, ${maxResults} of ${filter} by ${orderBy}: ${(1000 * seconds).toFixed(0)} ms`,
    ),
    `${ownClientRead.runs} runs with ${ownClientRead.metrics} metrics through Havn's client: ${ownClientRead.seconds.toFixed(1)} s`,
    ...(clientRead
      ? [
          `${clientRead.runs} runs with ${clientRead.metrics} metrics through MLflow's client: ${clientRead.seconds.toFixed(1)} s, of which its own parsing takes ${clientRead.ownSeconds.toFixed(1)} s`,
        ]
      : []),
  ];
}

function number(text: string): number {
  const value = Number(text);
  if (value > 0) return value;
  throw new InvalidArgumentError("must be a number above 0");
}
