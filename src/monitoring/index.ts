/** Whether data has drifted away from what a model was made for: tests over columns, and reports of them. */
export type { ColumnDrift, ColumnSummary, Histogram } from "./column-drift.ts";
export { type DriftOptions, type DriftReport, driftReport, fewestTestedRows } from "./drift-report.ts";
export { type DriftMethod, type DriftTest, driftTests } from "./drift-tests.ts";
export { type EmbeddingDistance, type EmbeddingDrift, embeddingDrift } from "./embedding-drift.ts";
export { MonitoringError, type MonitoringErrorCode } from "./monitoring-error.ts";
export type { Observed } from "./observed.ts";
export { type Column, type ColumnType, type DriftRow, type Table, tableOf } from "./table.ts";
