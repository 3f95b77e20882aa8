/** The model of a translation: from scratch or from a checkpoint, with low-rank adapters where these are wanted. */
import {
  generationPrograms,
  initialize,
  loadWeights,
  namedParameters,
  readModelConfig,
  type Seq2Seq,
  seq2seq,
} from "../nn/index.ts";
import {
  crossEntropy,
  div,
  equal,
  input,
  type NdArrays,
  sum,
  type TrainingPass,
  where,
} from "../tensor/index.ts";
import { adaptedModel } from "./adapted-model.ts";
import type { FinishedModel, ModelGraph, TaskModel } from "./task.ts";
import { TaskError } from "./task-error.ts";
import type { TranslationConfig } from "./translation.ts";
import { decoderFile, encoderFile } from "./translation-generator.ts";
import { countTokens } from "./translator.ts";

/** config.json of the checkpoint, if there is one, with what the project says otherwise. */
export const translationModelConfig = async (
  { architecture }: Pick<TranslationConfig["model"], "architecture">,
  checkpoint: string | undefined,
): Promise<Record<string, unknown>> => ({
  ...(checkpoint && (await readModelConfig(checkpoint))),
  ...architecture,
});

/**
 * @param checkpoint folder of the pretrained weights; undefined trains from scratch
 * @param random     draws first weights
 * @throws {TaskError} when the checkpoint lacks weights
 */
export async function translationModel(
  { model, loss }: Pick<TranslationConfig, "model" | "loss">,
  checkpoint: string | undefined,
  random: () => number,
): Promise<TaskModel> {
  const config = await translationModelConfig(model, checkpoint);
  const labelSmoothing = loss.label_smoothing;
  const plain = seq2seq(config);
  const graph = graphOf(plain, labelSmoothing);
  const { weights, notes } = await firstWeights(graph, checkpoint, random);
  const finish = (weights: FinishedModel["weights"]): FinishedModel => ({
    ...{ ...graph, config, weights },
    programs(weights, described) {
      const { source, step } = generationPrograms(plain, weights, described);
      return { [encoderFile]: source, [decoderFile]: step };
    },
  });
  const whole: TaskModel = {
    ...{ ...finish(weights), notes, frozen: new Set(), finish },
    // The loss is a mean over tokens.
    lossWeight: ({ labels }: NdArrays) => countTokens(labels!.data as BigInt64Array),
  };
  if (model.lora === null) return whole;
  return adaptedModel(whole, {
    ...{ lora: model.lora, base: "", random, module: seq2seq(config) },
    graphOf: (adapted) => graphOf(adapted, labelSmoothing),
  });
}

async function firstWeights(
  { parameters }: ModelGraph,
  checkpoint: string | undefined,
  random: () => number,
): Promise<Pick<TaskModel, "weights" | "notes">> {
  if (checkpoint === undefined) return { weights: initialize(parameters, random), notes: [] };
  const { weights, fresh, unused } = await loadWeights(checkpoint, parameters, { base: "", random });
  if (fresh.length > 0) throw new TaskError(`the checkpoint ${checkpoint} lacks ${fresh.join(", ")}`);
  const notes = unused.length > 0 ? [`the checkpoint's ${unused.join(", ")} are not used`] : [];
  return { weights, notes };
}

/** Teacher forcing: the decoder reads each target one place further while it learns to write it. */
function graphOf(model: Seq2Seq, labelSmoothing: number): ModelGraph {
  const source = {
    input_ids: input("input_ids", "int64", ["batch", "source"]),
    attention_mask: input("attention_mask", "int64", ["batch", "source"]),
  };
  const labels = input("labels", "int64", ["batch", "target"]);
  return {
    parameters: namedParameters(model),
    forward(pass?: TrainingPass) {
      const inputs = { ...source, decoder_input_ids: model.decoderInputs(labels) };
      const { logits } = model.forward(inputs, pass);
      if (pass) return { loss: crossEntropy(logits, labels, { labelSmoothing }), outputs: {} };
      // Sums over rows, since batches differ in tokens and logits would be far too many to give away.
      const row_losses = sum(crossEntropy(logits, labels, { reduction: "none" }), { axes: [-1] });
      const tokens = sum(where(equal(labels, -100), 0, 1));
      return { loss: div(sum(row_losses), tokens), outputs: { row_losses } };
    },
  };
}
