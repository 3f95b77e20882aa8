/** What every process that trains a project needs: its data, its model, and a session that trains it. */
import { withoutDecay } from "../nn/index.ts";
import {
  compile,
  compileTraining,
  type ProcessGroup,
  startTraining,
  TrainingPass,
  type TrainingSession,
} from "../tensor/index.ts";
import type { FollowOptions } from "../train/index.ts";
import { parameterGroups } from "./parameter-groups.ts";
import type { Project } from "./project.ts";
import { type CommonConfig, optimizerSettings, type ProjectConfig, trainSettings } from "./project-config.ts";
import type { AnyTask, Splits, TaskModel } from "./task.ts";

export interface PreparedTraining {
  readonly task: AnyTask;
  readonly splits: Splits<unknown>;
  readonly model: TaskModel;
}

export async function prepareTraining(project: Project, config: ProjectConfig): Promise<PreparedTraining> {
  const context = { folder: project.folder, seed: config.common.seed };
  const task = await project.task.create(config.task, context);
  const splits = await project.task.read(config.task, context);
  const model = await project.task.model(config.task, context, splits.train.rows);
  return { task, splits, model };
}

/** Starts a session, trains in it, closes it. */
export async function inSession<T>(
  { task, splits, model }: PreparedTraining,
  config: ProjectConfig,
  {
    processes,
    signal,
    train,
  }: {
    readonly processes: ProcessGroup;
    readonly signal: AbortSignal | undefined;
    train(options: FollowOptions<unknown, unknown, unknown>): Promise<T>;
  },
): Promise<T> {
  const session = await startSession(model, config.common, processes);
  try {
    return await train({
      ...{ session, processes, trainable: task },
      rows: { train: splits.train.rows, validation: splits.validation.rows },
      settings: trainSettings(config.common),
      origin: originOf(config, splits),
      ...(model.lossWeight && { lossWeight: model.lossWeight }),
      ...(signal && { signal }),
    });
  } finally {
    await session.close();
  }
}

function startSession(
  { parameters, weights, frozen, forward }: TaskModel,
  { seed, optimizer, training, ...rest }: CommonConfig,
  processes: ProcessGroup,
): Promise<TrainingSession> {
  const pass = new TrainingPass();
  const { loss } = forward(pass);
  const evaluation = forward();
  const groups = parameterGroups(parameters.keys(), {
    frozen: training.frozen,
    rateScales: training.rate_scales,
  });
  const options = {
    training: compileTraining(loss, {
      parameters,
      frozen: frozen.union(groups.frozen),
      updates: pass.updates,
      recompute: training.recompute ? pass.boundaries : undefined,
    }),
    evaluation: compile({ loss: evaluation.loss, ...evaluation.outputs }, { parameters }),
    parameters: weights,
    optimizer: optimizerSettings({ seed, optimizer, training, ...rest }),
    seed,
    maxGradientNorm: training.max_gradient_norm ?? undefined,
    withoutDecay: withoutDecay(parameters),
    rateScales: groups.rateScales,
    threads: training.threads ?? processes.threads,
  };
  return startTraining(options, processes);
}

/** What decides the numbers beside the settings of the loop: a resumed run must have the same. */
function originOf({ composition, common }: ProjectConfig, { train, validation }: Splits<unknown>) {
  const { model, loss, optimizer } = composition.values;
  const { max_gradient_norm, frozen, rate_scales } = common.training;
  const training = { max_gradient_norm, frozen, rate_scales };
  return { model, loss, optimizer, training, data: { train: train.hash, validation: validation.hash } };
}
