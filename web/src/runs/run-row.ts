import type { ModelVersion } from "../api/models.ts";
import type { Run } from "../api/runs.ts";

/** A line of the table of runs. */
export interface RunRow {
  readonly run: Run;
  readonly project: string;
  /** The best value of the metric by which runs are judged. */
  readonly best: number | undefined;
  readonly loss: number | undefined;
  readonly versions: readonly ModelVersion[];
}
