// Tables of what MLflow's client of version 3 logs beside runs.
import type { MetricRow } from "./tables.ts";

export interface LoggedTables {
  logged_models: {
    model_id: string;
    experiment_id: number;
    name: string;
    model_type: string | null;
    source_run_id: string | null;
    /** NULL: where this store keeps it. */
    artifact_location: string | null;
    status: "PENDING" | "READY" | "FAILED";
    lifecycle_stage: "active" | "deleted";
    creation_time: number;
    last_updated_time: number;
  };
  logged_model_params: { model_id: string; key: string; value: string };
  logged_model_tags: { model_id: string; key: string; value: string };
  /** `dataset_name` and `dataset_digest` are empty where a value was measured on no named dataset. */
  logged_model_metrics: Omit<MetricRow, "run_uuid"> & {
    model_id: string;
    run_id: string;
    dataset_name: string;
    dataset_digest: string;
  };
  /** Which run has read or made which logged model. */
  run_models: { run_uuid: string; direction: "input" | "output"; model_id: string; step: number };
  trace_info: {
    request_id: string;
    experiment_id: number;
    timestamp_ms: number;
    execution_time_ms: number | null;
    status: string;
    client_request_id: string | null;
    request_preview: string | null;
    response_preview: string | null;
  };
  trace_tags: { request_id: string; key: string; value: string };
  trace_request_metadata: { request_id: string; key: string; value: string };
}
