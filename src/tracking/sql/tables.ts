// Tables and columns under the names of MLflow's own database, so that its readers find what they know.
import type { Generated } from "kysely";
import type { LoggedTables } from "./logged-tables.ts";

/** 0 or 1: SQLite has no booleans. */
type Flag = 0 | 1;

export interface Tables extends LoggedTables {
  experiments: {
    experiment_id: number;
    name: string;
    lifecycle_stage: "active" | "deleted";
    creation_time: number;
    last_update_time: number;
    /** Where the files of its runs lie; NULL: where this store keeps them. */
    artifact_location: string | null;
  };
  experiment_tags: { experiment_id: number; key: string; value: string };
  runs: {
    run_uuid: string;
    name: string;
    status: "RUNNING" | "SCHEDULED" | "FINISHED" | "FAILED" | "KILLED";
    start_time: number;
    end_time: number | null;
    deleted_time: number | null;
    lifecycle_stage: "active" | "deleted";
    experiment_id: number;
    /** Where its files lie; NULL: where this store keeps them. */
    artifact_uri: string | null;
  };
  params: { run_uuid: string; key: string; value: string };
  tags: { run_uuid: string; key: string; value: string };
  metrics: MetricRow;
  latest_metrics: MetricRow;
  datasets: {
    dataset_uuid: string;
    experiment_id: number;
    name: string;
    digest: string;
    dataset_source_type: string;
    dataset_source: string;
    dataset_schema: string | null;
    dataset_profile: string | null;
  };
  /** Which run (`destination_id`) has seen which dataset (`source_id`). */
  inputs: {
    input_uuid: string;
    source_type: "DATASET";
    source_id: string;
    destination_type: "RUN";
    destination_id: string;
  };
  input_tags: { input_uuid: string; name: string; value: string };
  /** A view over the three above: one row per dataset of a run. */
  run_datasets: {
    run_uuid: string;
    input_uuid: string;
    experiment_id: number;
    name: string;
    digest: string;
    source_type: string;
    source: string;
    schema_text: string | null;
    profile: string | null;
    context: string | null;
  };
  registered_models: {
    name: string;
    creation_time: number;
    last_updated_time: number;
    description: string;
    /** The highest number that any of its versions ever had. */
    last_version: Generated<number>;
  };
  registered_model_tags: { name: string; key: string; value: string };
  registered_model_aliases: { name: string; alias: string; version: number };
  model_versions: {
    name: string;
    version: number;
    creation_time: number;
    last_updated_time: number;
    description: string;
    source: string;
    run_id: string | null;
    run_link: string | null;
    /** The logged model that it was made of. */
    model_id: string | null;
    current_stage: Generated<"None" | "Staging" | "Production" | "Archived">;
  };
  model_version_tags: { name: string; version: number; key: string; value: string };
  sweeps: {
    sweep_id: string;
    project: string;
    name: string;
    /** JSON, as are `overrides` and a trial's `parameters`. */
    definition: string;
    overrides: string;
    seed: number;
    status: "RUNNING" | "FINISHED" | "STOPPED";
    created_by: string;
    creation_time: number;
    last_update_time: number;
  };
  trials: {
    sweep_id: string;
    number: number;
    parameters: string;
    status: "WAITING" | "RUNNING" | "FINISHED" | "STOPPED_EARLY" | "FAILED";
    attempts: number;
    agent: string | null;
    lease_until: number | null;
    run_uuid: string | null;
    value: number | null;
    error: string | null;
    start_time: number;
    end_time: number | null;
  };
  registry_events: {
    name: string;
    number: number;
    kind: "version-created" | "alias-set" | "alias-deleted";
    time: number;
    made_by: string;
    version: number | null;
    alias: string | null;
    previous_version: number | null;
  };
  webhooks: { webhook: string; creation_time: number };
  webhook_deliveries: {
    webhook: string;
    name: string;
    number: number;
    status: "DUE" | "DELIVERED" | "GIVEN_UP";
    attempts: number;
    due_time: number;
    error: string | null;
  };
  schema_migrations: { version: number; name: string; applied_time: number };
}

/** A NaN is stored as 0 with `is_nan`, because SQLite would make it NULL. */
export interface MetricRow {
  run_uuid: string;
  key: string;
  value: number;
  is_nan: Flag;
  timestamp: number;
  step: number;
}
