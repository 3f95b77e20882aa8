/** One training run of a project: from a configuration to a model among the run's artifacts. */
import { join } from "node:path";
import { z } from "zod";
import { type Dataset, describeDataset } from "../data/index.ts";
import { oneProcess, type ProcessGroup, Trace } from "../tensor/index.ts";
import {
  describeEnvironment,
  environmentTags,
  type Metric,
  type Run,
  type Tracker,
} from "../tracking/index.ts";
import { type Report, readCheckpoint, type TrainStatus, train } from "../train/index.ts";
import { announceRun } from "./follow-runs.ts";
import { saveModel } from "./model-folder.ts";
import { inSession, prepareTraining } from "./prepare-training.ts";
import type { Project } from "./project.ts";
import { type CommonConfig, type ProjectConfig, projectConfig } from "./project-config.ts";
import { processesTag, processTag, thisProcess } from "./run-process.ts";
import type { Splits } from "./task.ts";
import { TaskError } from "./task-error.ts";
import { saveProfile, type TrainingProfile } from "./training-profile.ts";
import { describeFailure, errorTag } from "./training-run-error.ts";

export interface TrainingRunOptions {
  readonly store: Tracker;
  /** Folder of the checkpoints of all runs. */
  readonly checkpoints: string;
  /** Folder of what later runs need not compute again; nothing is kept unless given. */
  readonly cache?: string | undefined;
  readonly config: ProjectConfig;
  /** Continue this run from its newest checkpoint. */
  readonly resume?: Run | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly report: Report;
  /** Told what a person should know before training starts. */
  readonly note?: (message: string) => void;
  /** The command that continues the run, for whoever interrupts it. */
  readonly resumeCommand?: (runId: string) => string;
  /** Those that train together, of which this is the first; the others call `followRuns`. */
  readonly processes?: ProcessGroup;
  /** Further tags of a new run. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Told the run's id before its first step. */
  readonly onRun?: (runId: string) => void;
}

export interface TrainedRun {
  readonly runId: string;
  readonly status: TrainStatus;
  /** Value of the metric that decides which checkpoint is the best. */
  readonly best?: number;
  /** Where the configuration asks for one. */
  readonly profile?: TrainingProfile;
}

/**
 * Trains a project. Everything that explains the numbers is logged with the run: configuration, data hashes, code,
 * machine. A run that ends early keeps its checkpoints and can be resumed.
 */
export async function trainingRun(project: Project, options: TrainingRunOptions): Promise<TrainedRun> {
  const { store, config, signal, note = () => {}, resumeCommand, processes = oneProcess } = options;
  await announceRun(processes, config);
  const prepared = await prepareTraining(project, config);
  const { task, splits, model } = prepared;
  model.notes.forEach(note);
  const { runId } = options.resume ?? (await createRun(project, config, splits, options));
  if (options.resume) await beginAgain(store, options.resume);
  await store.logBatch(runId, { tags: processTags(processes) });
  options.onRun?.(runId);
  try {
    const checkpoints = {
      folder: join(options.checkpoints, runId),
      every: { seconds: config.common.training.checkpoint_seconds },
      resume: options.resume !== undefined,
      ...(resumeCommand && { resumeCommand: resumeCommand(runId) }),
    };
    const run = {
      logMetrics: (metrics: readonly Metric[]) => store.logBatch(runId, { metrics }),
      latestMetrics: async () => (await store.getRun(runId)).metrics,
    };
    const { report } = options;
    const { log_every: logEvery } = config.common.training;
    const trace = config.common.training.profile ? new Trace("training loop") : undefined;
    const { status, best, profile } = await inSession(prepared, config, {
      ...{ processes, signal },
      cache: { folder: options.cache && join(options.cache, "features"), note },
      async train(common) {
        const result = await train({
          ...common,
          checkpoints,
          run,
          report,
          logEvery,
          ...(trace && { trace }),
        });
        if (!trace) return { ...result, profile: {} };
        const spans = [...trace.spans, ...(await common.session.profile())];
        return { ...result, profile: { profile: await saveProfile(store.artifacts(runId), spans) } };
      },
    });
    if (status === "interrupted") {
      await store.updateRun(runId, { status: "KILLED", endTime: Date.now() });
      return { runId, status, ...profile };
    }
    if (!best)
      throw new TaskError(`run ${runId} has no checkpoint with a ${config.common.training.best.metric}`);
    const { state } = await readCheckpoint(best.folder);
    const origin = { project: project.name, runId };
    await saveModel(store.artifacts(runId), { task, model: model.finish(state.parameters), origin });
    await logBest(store, runId, config.common, best);
    return { runId, status, best: best.value, ...profile };
  } catch (error) {
    // A store that does not answer must not hide why the run has failed.
    await endFailed(store, runId, error).catch(() => {});
    throw error;
  }
}

async function beginAgain(store: Tracker, { runId, tags }: Run): Promise<void> {
  if (tags[errorTag] !== undefined) await store.deleteTag(runId, errorTag);
  await store.updateRun(runId, { status: "RUNNING" });
}

/** Why comes first: who waits for the end reads no further. */
async function endFailed(store: Tracker, runId: string, error: unknown): Promise<void> {
  await store.logBatch(runId, { tags: { [errorTag]: describeFailure(error) } });
  await store.updateRun(runId, { status: "FAILED", endTime: Date.now() });
}

/** Who trains the run: those of the last time where it was continued. */
const processTags = ({ size }: ProcessGroup): Record<string, string> => ({
  [processTag]: thisProcess(),
  [processesTag]: String(size),
});

/** Name of the metric that holds the best value of `metric` in a run. */
export const bestOf = (metric: string): string => `best_${metric}`;

async function logBest(
  store: Tracker,
  runId: string,
  { training }: CommonConfig,
  { value, step }: { readonly value: number; readonly step: number },
): Promise<void> {
  const metric = { key: bestOf(training.best.metric), value, step, timestamp: Date.now() };
  await store.logBatch(runId, { metrics: [metric] });
  await store.updateRun(runId, { status: "FINISHED", endTime: Date.now() });
}

async function createRun(
  project: Project,
  config: ProjectConfig,
  splits: Splits<unknown>,
  { store, tags = {} }: Pick<TrainingRunOptions, "store" | "tags">,
): Promise<Run> {
  const { experimentId } = await store.ensureExperiment(project.name);
  const { composition } = config;
  const run = await store.createRun({
    experimentId,
    params: flatten(composition.values),
    tags: {
      ...environmentTags(await describeEnvironment(project.folder)),
      "havn.project": project.name,
      "havn.overrides": composition.overrides.join(" "),
      ...tags,
    },
  });
  const contexts = { train: "training", validation: "validation", test: "test" };
  for (const [split, context] of Object.entries(contexts))
    await store.logDataset(run.runId, datasetOf(splits[split as keyof typeof contexts], context));
  const artifacts = store.artifacts(run.runId);
  await artifacts.put("config.yaml", new TextEncoder().encode(composition.print()));
  await artifacts.put(overridesFile, new TextEncoder().encode(JSON.stringify(composition.overrides)));
  return run;
}

/** The overrides of a run among its artifacts, for resuming and evaluating it. */
const overridesFile = "overrides.json";

/**
 * The configuration that a run was started with, composed again.
 * @param more overrides on top of the run's own
 * @throws {TaskError} when the run is of another project
 */
export async function resumedConfig(
  project: Project,
  { runId, tags }: Run,
  store: Tracker,
  more: readonly string[] = [],
): Promise<ProjectConfig> {
  if (tags["havn.project"] !== project.name)
    throw new TaskError(`run ${runId} is of ${tags["havn.project"] ?? "no project"}, not of ${project.name}`);
  const text = new TextDecoder().decode(await store.artifacts(runId).read(overridesFile));
  const overrides = z.array(z.string()).parse(JSON.parse(text));
  return projectConfig(project, [...overrides, ...more], {
    command: `havn train ${project.name}`,
    ...(more.length > 0 && { workingFolder: process.cwd() }),
  });
}

const datasetOf = (dataset: Dataset<unknown>, context: string) => {
  const { name, hash, source, rows } = describeDataset(dataset);
  return { name, digest: hash, source, profile: JSON.stringify({ num_rows: rows }), context };
};

/** Nested values as dotted keys, as runs keep their parameters. */
function flatten(values: unknown, prefix = ""): Record<string, string> {
  if (typeof values !== "object" || values === null || Array.isArray(values))
    return { [prefix]: typeof values === "string" ? values : JSON.stringify(values) };
  const entries = Object.entries(values).map(([key, value]) =>
    flatten(value, prefix ? `${prefix}.${key}` : key),
  );
  return Object.assign({}, ...entries);
}
