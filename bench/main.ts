/** `npm run bench -- NAME [options]`: measurements that anyone can repeat. */
import { Command, InvalidArgumentError, Option } from "commander";
import { addDriftCommand } from "./drift-command.ts";
import { measureEpoch } from "./measure-epoch.ts";
import {
  type GenerationBench,
  type GenerationFigures,
  generatingModels,
  measureGeneration,
} from "./measure-generation.ts";
import { measureServing, peerStyles, type ServedFigures, type ServingBench } from "./measure-serving.ts";
import {
  benchedModels,
  measureTraining,
  type TrainingBench,
  type TrainingFigures,
} from "./measure-training.ts";
import {
  benchedVisionModels,
  measureVision,
  type VisionBench,
  type VisionFigures,
} from "./measure-vision.ts";
import { runPeer } from "./peer.ts";
import { addTrackingCommand } from "./tracking-command.ts";

const count = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("must be a whole number above 0");
  return value;
};

const print = (json: boolean | undefined, words: string, data: unknown): void =>
  console.log(json ? JSON.stringify(data) : words);

const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GiB`;

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);

const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;

type StepBench = TrainingBench & VisionBench;
type StepFigures = TrainingFigures | VisionFigures;

/** Models whose training step is measured in one way, and the script and its options that measure PyTorch's. */
const stepBenches: readonly {
  readonly models: readonly string[];
  readonly script: string;
  readonly options: readonly ("model" | "batch" | "seq" | "steps")[];
  measure(options: StepBench): Promise<StepFigures>;
}[] = [
  {
    ...{ models: benchedModels, script: "train.py", measure: measureTraining },
    options: ["model", "batch", "seq", "steps"],
  },
  {
    ...{ models: benchedVisionModels, script: "vision.py", measure: measureVision },
    options: ["model", "batch", "steps"],
  },
];
const steppingModels = stepBenches.flatMap(({ models }) => models);

const program = new Command("bench").description("measurements that anyone can repeat");

program
  .command("train")
  .description("seconds and peak memory of a training step on random batches, dropout on")
  .addOption(new Option("--model <name>", "what is trained").choices(steppingModels).makeOptionMandatory())
  .option("--batch <n>", "rows of a batch", count, 64)
  .option("--seq <n>", "tokens of a row, where it has tokens", count, 32)
  .option("--steps <n>", "measured steps, after two that warm up", count, 5)
  .option("--recompute", "keeps only the ends of layers for the backward pass: less memory, more time")
  .option("--profile <file>", "writes a trace of the first steps, for chrome://tracing and Perfetto")
  .option("--peer <python>", "measures PyTorch beside it: a Python with torch, transformers and torchvision")
  .option("--json", "prints one JSON object")
  .action(async ({ json, peer: python, ...options }: StepBench & { json?: boolean; peer?: string }) => {
    const bench = stepBenches.find(({ models }) => models.includes(options.model))!;
    const words = Object.fromEntries(bench.options.map((name) => [name, options[name]]));
    const peer = python && (await runPeer<StepFigures>(python, bench.script, words));
    const figures = await bench.measure(options);
    const ratios = peer && {
      time: figures.secondsPerStep / peer.secondsPerStep,
      memory: figures.peakRssBytes / peer.peakRssBytes,
    };
    const { secondsPerStep, peakRssBytes, shareOfMatmulPeak } = figures;
    const lines = [
      `${secondsPerStep.toFixed(3)} s a step, ${gigabytes(peakRssBytes)} at most, ${percent(shareOfMatmulPeak)} of the machine's matrix products`,
      ...(ratios
        ? [`PyTorch's times ${ratios.time.toFixed(2)} (time), ${ratios.memory.toFixed(2)} (memory)`]
        : []),
    ];
    print(json, lines.join("\n"), { ...figures, ...(ratios && { peer, ratios }) });
  });

program
  .command("generate")
  .description("tokens that a model writes in a second, with random weights")
  .requiredOption("--model <name>", generatingModels.join(" | "))
  .option("--beams <n>", "beams of each source; 1 is greedy search", count, 4)
  .option("--batch <n>", "sources that are searched together", count, 8)
  .option("--seq <n>", "tokens of a source", count, 32)
  .option("--tokens <n>", "tokens that are written for each source", count, 32)
  .option("--runs <n>", "measured runs, after one that warms up", count, 3)
  .option("--peer <python>", "measures transformers beside it: a Python with torch and transformers")
  .option("--json", "prints one JSON object")
  .action(async ({ json, peer: python, ...options }: GenerationBench & { json?: boolean; peer?: string }) => {
    const { model, beams, batch, seq, tokens, runs } = options;
    const words = { model, beams, batch, seq, tokens, runs };
    const peer = python && (await runPeer<GenerationFigures>(python, "generate.py", words));
    const figures = await measureGeneration(options);
    const ratio = peer && figures.tokensPerSecond / peer.tokensPerSecond;
    const text = [
      `${figures.tokensPerSecond.toFixed(0)} tokens a second, ${percent(figures.shareOfMatmulPeak)} of the machine's matrix products`,
      ...(ratio ? [`${ratio.toFixed(2)} times those of transformers`] : []),
    ].join("\n");
    print(json, text, { ...figures, ...(peer && { peer, ratio }) });
  });

program
  .command("epoch")
  .description("an epoch with batches grouped by length against one with all texts as long as the longest")
  .requiredOption("--project <name>", "name or folder of a project")
  .argument("[overrides...]", "configuration, such as model=distilbert-base")
  .option("--json", "prints one JSON object")
  .action(async (overrides: string[], { project, json }: { project: string; json?: boolean }) => {
    const figures = await measureEpoch(project, overrides);
    const { groupedSeconds, dataWaitShare, preparationSeconds, padded } = figures;
    const text = [
      `prepared in ${preparationSeconds.toFixed(1)} s before the first epoch`,
      `grouped by length ${groupedSeconds.toFixed(1)} s, of which the step waited ${(100 * dataWaitShare).toFixed(2)} % for data`,
      ...(padded
        ? [
            `padded to the longest ${padded.seconds.toFixed(1)} s`,
            `padding ${percent(padded.paddingGrouped)} and ${percent(padded.paddingPadded)}`,
            `${padded.speedup.toFixed(2)} times as fast`,
          ]
        : []),
    ];
    print(json, text.join("\n"), figures);
  });

program
  .command("serve")
  .description("answers a second of a service with random weights under load, from this machine")
  .requiredOption("--project <name>", "name or folder of a project")
  .argument("[options...]", "further options of havn serve, after --")
  .option("--preset <name>", "model of the project")
  .option("--precision <kind>", "how its weights are stored: float32, float16, int8", "float32")
  .option("--data <dir>", "folder of the data whose test rows are asked")
  .option("--users <n>", "users that ask again when they are answered", count, 32)
  .option("--seconds <n>", "how long", count, 10)
  .option("--peer <python>", "measures FastAPI and PyTorch beside it: a Python with fastapi, uvicorn, torch")
  .addOption(
    new Option(
      "--peer-style <kind>",
      "plain functions in its pool of threads, or async ones on its event loop",
    )
      .choices(peerStyles)
      .default("threads"),
  )
  .option("--json", "prints one JSON object")
  .action(
    async (
      options: string[],
      { json, peer: python, ...bench }: ServingBench & { json?: boolean; peer?: string },
    ) => {
      const figures = await measureServing({ ...bench, options }, python);
      const line = (name: string, { report, memory }: ServedFigures) =>
        `${name}: ${report.answersPerSecond.toFixed(1)} answers a second, p50 ${report.latency.p50.toFixed(0)} ms, p99 ${report.latency.p99.toFixed(0)} ms, ${report.refused} refused, ${sum(report.failed)} failed, ${sum(report.errors)} broken, ${report.wrong} wrong; resident ${[memory.startBytes, memory.middleBytes, memory.endBytes].map(gigabytes).join(", ")} after a fifth, half and all of it, ${gigabytes(memory.peakBytes)} at most`;
      const text = [
        line("Havn", figures),
        `ready after ${figures.readySeconds.toFixed(1)} s; HTTP, log and load cost ${percent(figures.httpShare)} of ${figures.withoutHttpPerSecond.toFixed(1)} answers a second, HTTP and log ${percent(figures.mainThreadShare)} of the service's CPU time`,
        ...(figures.peer ? [line("FastAPI and PyTorch", figures.peer)] : []),
        ...(figures.ratio === undefined ? [] : [`${figures.ratio.toFixed(2)} times as many answers`]),
      ].join("\n");
      print(json, text, figures);
    },
  );

addTrackingCommand(program);
addDriftCommand(program);

await program.parseAsync();
