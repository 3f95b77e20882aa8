import type { Run } from "../api/runs.ts";

/** Names of the parameters that are not the same in all runs, in the order of the alphabet. */
export function differingParams(runs: readonly Pick<Run, "params">[]): string[] {
  const names = new Set(runs.flatMap(({ params }) => Object.keys(params)));
  return [...names].filter((name) => new Set(runs.map(({ params }) => params[name])).size > 1).toSorted();
}
