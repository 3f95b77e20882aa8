/** Which version of a project's model is served. */
import type { ModelVersion, Run, Tracker } from "../tracking/index.ts";
import { modelFolder } from "./model-folder.ts";
import type { Project } from "./project.ts";
import { registerRun } from "./registration.ts";
import { TaskError } from "./task-error.ts";
import { bestOf } from "./training-run.ts";

/** The exclusive alias of the version that is served. */
export const inferenceAlias = "inference";

/** The metric that versions compete in. */
export interface Criterion {
  readonly metric: string;
  readonly goal: "maximise" | "minimise";
}

export interface Promotion {
  readonly promoted: boolean;
  readonly value: number;
  /** The version that held the alias before, and its value. */
  readonly incumbent?: {
    readonly version: number;
    /** Missing where its run never measured the metric. */
    readonly value?: number;
    /** Its value is of other validation rows, and says nothing beside the new one. */
    readonly isOfOtherRows: boolean;
  };
}

/**
 * Gives a version the alias `inference` when it is better than the one that holds it, on the same validation rows. One
 * that was trained in development mode only stands in: whatever its fifty rows said of it, the first version that has
 * seen all rows takes its place.
 *
 * @throws {TaskError} when the version's run never measured the metric
 */
export async function promoteIfBetter(
  candidate: ModelVersion,
  criterion: Criterion,
  store: Tracker,
): Promise<Promotion> {
  const run = await runOf(candidate, store);
  const value = bestValue(run, criterion);
  if (value === undefined)
    throw new TaskError(
      `version ${candidate.version} of ${candidate.name} has no ${bestOf(criterion.metric)}`,
    );
  const holder = await store.getVersionByAlias(candidate.name, inferenceAlias);
  if (holder?.version === candidate.version) return { promoted: false, value };
  const heldRun = holder && (await runOf(holder, store));
  const held = bestValue(heldRun, criterion);
  const isOfOtherRows = !isSameDigest(validationDigest(run), validationDigest(heldRun));
  const isBetter =
    held === undefined || (!isOfOtherRows && (criterion.goal === "maximise" ? value > held : value < held));
  const promoted = isBetter || (isStandIn(heldRun) && !isStandIn(run));
  if (promoted) await store.setAlias(candidate.name, inferenceAlias, candidate.version);
  const incumbent = holder && {
    ...{ version: holder.version, isOfOtherRows },
    ...(held !== undefined && { value: held }),
  };
  return { promoted, value, ...(incumbent && { incumbent }) };
}

const runOf = async ({ runId }: ModelVersion, store: Tracker): Promise<Run | undefined> =>
  runId === undefined ? undefined : store.getRun(runId);

function bestValue(run: Run | undefined, { metric }: Criterion): number | undefined {
  const value = run?.metrics[bestOf(metric)]?.value;
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}

/** Whether a run was trained in development mode. */
const isStandIn = (run: Run | undefined): boolean => run?.params.development_mode === "true";

/** Of the rows that a run was judged on, as far as it says. */
const validationDigest = (run: Run | undefined): string | undefined =>
  run?.datasets.find(({ context }) => context === "validation")?.digest;

const isSameDigest = (a: string | undefined, b: string | undefined): boolean =>
  a === undefined || b === undefined || a === b;

/** How many runs are looked at for one that has a model and can be compared: those before it were cleaned up, or tries. */
const candidates = 200;

/**
 * Registers the best of all finished runs of a project, and promotes it if it is better than what is served. Those
 * that were judged on the same validation rows as what is served come first: only they can be compared with it.
 *
 * @throws {TaskError} when no run has both the metric and a model
 */
export async function promoteBest(
  project: Pick<Project, "name">,
  criterion: Criterion,
  store: Tracker,
): Promise<Promotion & { readonly version: ModelVersion }> {
  const metric = bestOf(criterion.metric);
  const experiment = await store.getExperimentByName(project.name);
  const { items } = await store.searchRuns({
    experimentIds: experiment ? [experiment.experimentId] : [],
    filter: "attributes.status = 'FINISHED'",
    orderBy: [
      `metrics.\`${metric}\` ${criterion.goal === "maximise" ? "DESC" : "ASC"}`,
      // The first of equals, as of the trials of a sweep.
      "attributes.start_time ASC",
    ],
    maxResults: candidates,
  });
  const holder = await store.getVersionByAlias(project.name, inferenceAlias);
  const rows = holder && validationDigest(await runOf(holder, store));
  const measured = items.filter(({ metrics }) => Number.isFinite(metrics[metric]?.value));
  const comparable = measured.filter((run) => isSameDigest(validationDigest(run), rows));
  for (const { runId } of [...comparable, ...measured]) {
    if ((await store.artifacts(runId).list(`${modelFolder}/`)).length === 0) continue;
    const version = await registerRun(project, runId, store);
    return { version, ...(await promoteIfBetter(version, criterion, store)) };
  }
  throw new TaskError(`no finished run of ${project.name} has a ${metric} and a model`);
}
