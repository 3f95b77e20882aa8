/** Trained and registered models of the movie reviews, in about a second each. */
import { join } from "node:path";
import type { ModelVersion, Store } from "../../tracking/index.ts";
import { loadProject } from "../project.ts";
import { projectConfig } from "../project-config.ts";
import { registerRun } from "../registration.ts";
import { trainingRun } from "../training-run.ts";
import { tinyReviews } from "./tiny-reviews.ts";

/** Trains a tiny model and registers it as the next version; another seed gives another model. */
export async function tinyModel(folder: string, store: Store, { seed = 1 } = {}): Promise<ModelVersion> {
  const project = await loadProject("movie-reviews");
  const overrides = [...(await tinyReviews(folder)), `seed=${seed}`];
  const { runId } = await trainingRun(project, {
    store,
    checkpoints: join(folder, "checkpoints"),
    config: projectConfig(project, overrides, { command: "havn train" }),
    report: () => {},
  });
  return registerRun(project, runId, store);
}
