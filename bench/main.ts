/** `npm run bench -- NAME [options]`: measurements that anyone can repeat. */
import { Command, InvalidArgumentError } from "commander";
import { measureEpoch } from "./measure-epoch.ts";
import {
  type GenerationBench,
  type GenerationFigures,
  generatingModels,
  measureGeneration,
} from "./measure-generation.ts";
import {
  benchedModels,
  measureTraining,
  type TrainingBench,
  type TrainingFigures,
} from "./measure-training.ts";
import { runPeer } from "./peer.ts";

const count = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("must be a whole number above 0");
  return value;
};

const print = (json: boolean | undefined, words: string, data: unknown): void =>
  console.log(json ? JSON.stringify(data) : words);

const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GiB`;

const program = new Command("bench").description("measurements that anyone can repeat");

program
  .command("train")
  .description("seconds and peak memory of a training step on random batches, dropout on")
  .requiredOption("--model <name>", benchedModels.join(" | "))
  .option("--batch <n>", "rows of a batch", count, 64)
  .option("--seq <n>", "tokens of a row", count, 32)
  .option("--steps <n>", "measured steps, after two that warm up", count, 5)
  .option("--recompute", "keeps only the ends of layers for the backward pass: less memory, more time")
  .option("--profile <prefix>", "writes ONNX Runtime's profile of every kernel to this file prefix")
  .option("--peer <python>", "measures PyTorch beside it: a Python with torch and transformers")
  .option("--json", "prints one JSON object")
  .action(async ({ json, peer: python, ...options }: TrainingBench & { json?: boolean; peer?: string }) => {
    const { model, batch, seq, steps } = options;
    const peer = python && (await runPeer<TrainingFigures>(python, "train.py", { model, batch, seq, steps }));
    const figures = await measureTraining(options);
    const ratios = peer && {
      time: figures.secondsPerStep / peer.secondsPerStep,
      memory: figures.peakRssBytes / peer.peakRssBytes,
    };
    const { secondsPerStep, peakRssBytes, shareOfMatmulPeak } = figures;
    const words = [
      `${secondsPerStep.toFixed(3)} s a step, ${gigabytes(peakRssBytes)} at most, ${(100 * shareOfMatmulPeak).toFixed(0)} % of the machine's matrix products`,
      ...(ratios
        ? [`PyTorch's times ${ratios.time.toFixed(2)} (time), ${ratios.memory.toFixed(2)} (memory)`]
        : []),
    ];
    print(json, words.join("\n"), { ...figures, ...(ratios && { peer, ratios }) });
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
    const text = `${figures.tokensPerSecond.toFixed(0)} tokens a second${ratio ? `, ${ratio.toFixed(2)} times those of transformers` : ""}`;
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
    const share = (value: number) => `${(100 * value).toFixed(0)} % padding`;
    const text = [
      `grouped by length ${figures.groupedSeconds.toFixed(1)} s (${share(figures.paddingGrouped)})`,
      `padded to the longest ${figures.paddedSeconds.toFixed(1)} s (${share(figures.paddingPadded)})`,
      `${figures.speedup.toFixed(2)} times as fast`,
    ];
    print(json, text.join("\n"), figures);
  });

await program.parseAsync();
