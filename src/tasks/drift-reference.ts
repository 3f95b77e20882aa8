/** What inputs and answers of a model were like when it was made: the reference that drift is measured against. */
import { z } from "zod";
import type { DriftRow } from "../monitoring/index.ts";
import type { Tracker } from "../tracking/index.ts";
import { answeredFeatures } from "./drift-features.ts";
import { type ArtifactFolder, modelFiles, modelFolder } from "./model-folder.ts";
import type { Project } from "./project.ts";
import { resumedConfig } from "./training-run.ts";

/** Rows of a reference: enough for any test, and answered in seconds. */
const mostRows = 2000;

/** Counts up when tasks measure other features, or measure them otherwise. */
const format = 1;

const referenceSchema = z.object({
  format: z.literal(format),
  rows: z.array(z.record(z.string(), z.union([z.number(), z.string(), z.null()]))),
});

/**
 * Features of the validation rows that the run was judged by, with what its model answers to them. Of the training rows
 * a model is surer than of any other, so that every confidence would seem to have drifted. They are answered when they
 * are asked for the first time, and kept with the run: `drift/reference.json`, of a variant of the model
 * `drift/FOLDER/reference.json`.
 *
 * @throws {TaskError} when the run has no model; {DataError} when its rows are not there any more
 */
export async function driftReference(
  project: Project,
  { runId, folder }: ArtifactFolder,
  store: Tracker,
): Promise<readonly DriftRow[]> {
  const artifacts = store.artifacts(runId);
  const name = folder === modelFolder ? "drift/reference.json" : `drift/${folder}/reference.json`;
  if (await artifacts.stat(name)) {
    const known = referenceSchema.safeParse(JSON.parse(new TextDecoder().decode(await artifacts.read(name))));
    if (known.success) return known.data.rows;
  }
  const config = await resumedConfig(project, await store.getRun(runId), store);
  const { validation } = await project.task.read(config.task, {
    folder: project.folder,
    seed: config.common.seed,
  });
  const files = await modelFiles(artifacts, folder);
  const rows = await answeredFeatures(project, files, spread(validation.rows, mostRows), config);
  await artifacts.put(name, new TextEncoder().encode(JSON.stringify({ format, rows })));
  return rows;
}

/** At most so many rows, evenly from beginning to end. */
const spread = <Row>(rows: readonly Row[], most: number): Row[] =>
  rows.length <= most
    ? [...rows]
    : rows.filter(
        (_, i) => Math.floor(((i + 1) * most) / rows.length) > Math.floor((i * most) / rows.length),
      );
