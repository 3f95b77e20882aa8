/** What becomes of the version of a run that has just been trained. */
import type { ModelVersion, Tracker } from "../tracking/index.ts";
import { type Criterion, inferenceAlias, type Promotion, promoteIfBetter } from "./registration.ts";

/**
 * Promotes a version if it is better. One that was trained in development mode only stands in: whatever its fifty
 * rows said of it, the first version that has seen all rows takes its place.
 */
export async function promoteRun(
  candidate: ModelVersion,
  criterion: Criterion,
  store: Tracker,
): Promise<Promotion> {
  const promotion = await promoteIfBetter(candidate, criterion, store);
  const { promoted, incumbent } = promotion;
  if (promoted || !incumbent) return promotion;
  const { name, version } = candidate;
  const holder = await store.getModelVersion(name, incumbent.version);
  if ((await isStandIn(candidate, store)) || !(await isStandIn(holder, store))) return promotion;
  await store.setAlias(name, inferenceAlias, version);
  return { ...promotion, promoted: true };
}

/** Whether a version was trained in development mode, as its run says. */
const isStandIn = async ({ runId }: ModelVersion, store: Tracker): Promise<boolean> =>
  runId !== undefined && (await store.getRun(runId)).params.development_mode === "true";
