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
import { cachedExamples } from "./cached-examples.ts";
import { type CacheOptions, cachedFeatures } from "./cached-features.ts";
import { withTemporaryFolder } from "./model-folder.ts";
import { type ParameterGroups, parameterGroups } from "./parameter-groups.ts";
import type { Project } from "./project.ts";
import { type CommonConfig, optimizerSettings, type ProjectConfig, trainSettings } from "./project-config.ts";
import type { AnyTask, ArrangedModel, Splits, TaskModel } from "./task.ts";
import { loadingFrom } from "./task-module.ts";

export interface PreparedTraining {
  readonly project: Project;
  readonly task: AnyTask;
  readonly splits: Splits<unknown>;
  readonly model: TaskModel;
}

export async function prepareTraining(project: Project, config: ProjectConfig): Promise<PreparedTraining> {
  const context = { folder: project.folder, seed: config.common.seed };
  const task = await project.task.create(config.task, context);
  const splits = await project.task.read(config.task, context);
  const model = await project.task.model(config.task, context, splits.train.rows);
  return { project, task, splits, model };
}

/** Starts a session, trains in it, closes it. */
export async function inSession<T>(
  prepared: PreparedTraining,
  config: ProjectConfig,
  {
    processes,
    signal,
    cache,
    train,
  }: {
    readonly processes: ProcessGroup;
    readonly signal: AbortSignal | undefined;
    /** Of features that never change, and of rows that take long to prepare. */
    readonly cache?: Pick<CacheOptions, "folder" | "note">;
    train(options: FollowOptions<unknown, unknown, unknown>): Promise<T>;
  },
): Promise<T> {
  const { project, task, splits, model } = prepared;
  const groups = groupsOf(model, config.common);
  return withTemporaryFolder(async (preparation) => {
    await task.save(preparation);
    const arranged: ArrangedModel = (await model.arrange?.(groups.frozen)) ?? model;
    const ofArranged = groupsAmong(arranged.parameters, groups);
    const loading = loadingFrom(project, preparation, config.common.training);
    const caching = { ...cache, preparation, loading, signal };
    const data = arranged.features
      ? await cachedFeatures(task, splits, arranged.features, caching)
      : task.cached
        ? await cachedExamples(task, splits, caching)
        : {
            ...{ trainable: task, loading },
            rows: { train: splits.train.rows, validation: splits.validation.rows },
          };
    const session = await startSession(arranged, ofArranged, config.common, processes);
    try {
      return await train({
        ...{ session, processes },
        ...data,
        settings: trainSettings(config.common),
        origin: originOf(config, splits),
        ...(model.lossWeight && { lossWeight: model.lossWeight }),
        ...(signal && { signal }),
      });
    } finally {
      await session.close();
    }
  });
}

/** Those of the configuration, and what the model keeps anyway. */
export function groupsOf({ parameters, frozen }: TaskModel, { training }: CommonConfig): ParameterGroups {
  const groups = parameterGroups(parameters.keys(), {
    frozen: training.frozen,
    rateScales: training.rate_scales,
  });
  return { ...groups, frozen: frozen.union(groups.frozen) };
}

/** Those of the parameters that are there: features that are kept leave theirs behind. */
const groupsAmong = (
  parameters: ReadonlyMap<string, unknown>,
  { frozen, rateScales }: ParameterGroups,
): ParameterGroups => ({
  frozen: new Set([...frozen].filter((name) => parameters.has(name))),
  rateScales: new Map([...rateScales].filter(([name]) => parameters.has(name))),
});

function startSession(
  { parameters, weights, forward }: ArrangedModel,
  { frozen, rateScales }: ParameterGroups,
  { seed, optimizer, training, ...rest }: CommonConfig,
  processes: ProcessGroup,
): Promise<TrainingSession> {
  const pass = new TrainingPass();
  const { loss } = forward(pass);
  const evaluation = forward();
  const options = {
    training: compileTraining(loss, {
      parameters,
      frozen,
      updates: pass.updates,
      recompute: training.recompute ? pass.boundaries : undefined,
    }),
    evaluation: compile({ loss: evaluation.loss, ...evaluation.outputs }, { parameters }),
    parameters: weights,
    optimizer: optimizerSettings({ seed, optimizer, training, ...rest }),
    seed,
    maxGradientNorm: training.max_gradient_norm ?? undefined,
    withoutDecay: withoutDecay(parameters),
    rateScales,
    threads: training.threads ?? processes.threads,
    // The first process tells; the others do the same.
    profile: training.profile && processes.rank === 0,
  };
  return startTraining(options, processes);
}

/** What decides the numbers beside the settings of the loop: a resumed run must have the same. */
function originOf({ composition, common }: ProjectConfig, { train, validation }: Splits<unknown>) {
  const { model, loss, augmentation, optimizer } = composition.values;
  const { max_gradient_norm, frozen, rate_scales } = common.training;
  const training = { max_gradient_norm, frozen, rate_scales };
  return {
    model,
    loss,
    augmentation,
    optimizer,
    training,
    data: { train: train.hash, validation: validation.hash },
  };
}
