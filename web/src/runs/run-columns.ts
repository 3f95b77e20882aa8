import { metricTitle } from "../metrics/metric-name.ts";
import type { RunRow } from "./run-row.ts";

export type RunColumnId =
  | "name"
  | "project"
  | "status"
  | "started"
  | "duration"
  | "best"
  | "loss"
  | "data"
  | "commit"
  | "version";

/** A column of the table of runs, as far as sorting goes. */
export interface RunColumn {
  readonly id: RunColumnId;
  readonly title: string;
  readonly isNumber?: boolean;
  /** By which the server sorts, so that the right runs come first when there are too many to load. */
  readonly order?: string;
  /** By which loaded rows are sorted; missing values come last. */
  value(row: RunRow): string | number | undefined;
}

export interface RunOrder {
  readonly column: RunColumnId;
  readonly isDescending: boolean;
}

/** @param mainMetric by which runs are judged, such as `validation_accuracy` */
export function runColumns(mainMetric: string): RunColumn[] {
  return [
    { id: "name", title: "Run", order: "attributes.run_name", value: ({ run }) => run.name },
    { id: "project", title: "Project", value: ({ project }) => project },
    { id: "status", title: "Status", order: "attributes.status", value: ({ run }) => run.status },
    { id: "started", title: "Started", order: "attributes.start_time", value: ({ run }) => run.startTime },
    {
      id: "duration",
      title: "Duration",
      isNumber: true,
      value: ({ run }) => (run.endTime === undefined ? undefined : run.endTime - run.startTime),
    },
    {
      id: "best",
      title: `Best ${metricTitle(mainMetric).toLowerCase()}`,
      isNumber: true,
      order: `metrics.\`${mainMetric}\``,
      value: ({ best }) => best,
    },
    {
      id: "loss",
      title: "Loss",
      isNumber: true,
      order: "metrics.`validation_loss`",
      value: ({ loss }) => loss,
    },
    { id: "data", title: "Data", value: ({ run }) => run.datasets[0]?.digest },
    {
      id: "commit",
      title: "Commit",
      order: "tags.`mlflow.source.git.commit`",
      value: ({ run }) => run.tags["mlflow.source.git.commit"],
    },
    { id: "version", title: "Model", isNumber: true, value: ({ versions }) => versions[0]?.version },
  ];
}

/** Rows in an order; where the column says nothing, the newest first. */
export function sortRuns(rows: readonly RunRow[], column: RunColumn, isDescending: boolean): RunRow[] {
  return rows.toSorted((a, b) => {
    const [x, y] = [column.value(a), column.value(b)];
    if (x === undefined || y === undefined) {
      return Number(x === undefined) - Number(y === undefined) || b.run.startTime - a.run.startTime;
    }
    const ascending =
      typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), "en");
    return (isDescending ? -ascending : ascending) || b.run.startTime - a.run.startTime;
  });
}
