/** Models with low-rank adapters that are trained in place of the pretrained layers. */
import { addLora, initialize, isLora, type LoraOptions, mergeLora } from "../nn/index.ts";
import type { ModelGraph, TaskModel } from "./task.ts";
import { TaskError } from "./task-error.ts";

type Module = Parameters<typeof addLora>[0];

export interface AdaptedModelOptions<M extends Module> {
  readonly lora: LoraOptions;
  /** A second model of the same kind as the one that is adapted. */
  readonly module: M;
  readonly graphOf: (module: M) => ModelGraph;
  /** Prefix of the parameters that are frozen; a head outside of it learns as a whole, since it is new. */
  readonly base: string;
  /** Draws first values of the adapters. */
  readonly random: () => number;
}

/**
 * The same model with adapters, merged into the layers they adapt when it is finished.
 * @throws {TaskError} when a target names no linear layer
 */
export function adaptedModel<M extends Module>(
  plain: TaskModel,
  { lora, module, graphOf, base, random }: AdaptedModelOptions<M>,
): TaskModel {
  const layers = adapt(module, lora);
  const graph = graphOf(module);
  const adapters = new Map([...graph.parameters].filter(([name]) => isLora(name)));
  const frozen = [...plain.parameters.keys()].filter((name) => name.startsWith(base));
  return {
    ...{ ...plain, ...graph },
    weights: new Map([...plain.weights, ...initialize(adapters, random)]),
    frozen: new Set(frozen),
    notes: [
      ...plain.notes,
      `${layers} ${layers === 1 ? "layer has an adapter" : "layers have adapters"} of rank ${lora.rank}; the rest of ${base.replace(/\.$/, "") || "the model"} is frozen`,
    ],
    finish: (weights) => plain.finish(mergeLora(weights, lora)),
  };
}

/** @returns how many layers have an adapter now */
function adapt(module: Module, lora: LoraOptions): number {
  try {
    return addLora(module, lora).length;
  } catch (error) {
    throw new TaskError(`model.lora.targets: ${(error as Error).message}`);
  }
}
