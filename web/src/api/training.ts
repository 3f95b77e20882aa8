import { type Experiment, listExperiments } from "./experiments.ts";
import { type Run, searchRuns } from "./runs.ts";

/** A run that goes on, and the project it trains. */
export interface Training {
  readonly project: string;
  readonly run: Run;
}

/** What is being trained, the newest first. */
export async function listTrainings(projects: readonly string[], signal?: AbortSignal): Promise<Training[]> {
  const ofProjects = ({ name }: Experiment) => projects.includes(name);
  const names = new Map(
    (await listExperiments(signal)).filter(ofProjects).map(({ experimentId, name }) => [experimentId, name]),
  );
  const query = { experimentIds: [...names.keys()], filter: "attributes.status = 'RUNNING'" };
  const { runs } = await searchRuns({ ...query, orderBy: ["attributes.start_time DESC"] }, signal);
  return runs.map((run) => ({ project: names.get(run.experimentId)!, run }));
}
