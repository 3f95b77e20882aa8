/** `npm run bench -- NAME [options]`: measurements that anyone can repeat. */
import { Command, InvalidArgumentError } from "commander";
import { benchedModels, measureTraining, type TrainingBench } from "./measure-training.ts";

const count = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("must be a whole number above 0");
  return value;
};

const program = new Command("bench").description("measurements that anyone can repeat");

program
  .command("train")
  .description("seconds and peak memory of a training step on random batches, dropout on")
  .requiredOption("--model <name>", benchedModels.join(" | "))
  .option("--batch <n>", "rows of a batch", count, 64)
  .option("--seq <n>", "tokens of a row", count, 32)
  .option("--steps <n>", "measured steps, after two that warm up", count, 5)
  .option("--profile <prefix>", "writes ONNX Runtime's profile of every kernel to this file prefix")
  .option("--json", "prints one JSON object")
  .action(async ({ json, ...options }: TrainingBench & { json?: boolean }) => {
    const figures = await measureTraining(options);
    const { secondsPerStep, peakRssBytes } = figures;
    if (json) console.log(JSON.stringify(figures));
    else
      console.log(
        `${secondsPerStep.toFixed(3)} s a step, ${(peakRssBytes / 2 ** 30).toFixed(2)} GiB at most`,
      );
  });

await program.parseAsync();
