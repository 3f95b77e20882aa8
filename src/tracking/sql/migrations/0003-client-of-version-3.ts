import { type RawBuilder, sql } from "kysely";
import type { Migration } from "../migrate.ts";

/** What MLflow's client of version 3 logs beside runs: places of artifacts, logged models, traces; and stages of versions. */
export const clientOfVersion3: Migration = {
  version: 3,
  name: "client of version 3",
  async up(db, { clustered }) {
    for (const statement of [
      ...places,
      ...datasets,
      ...versions,
      ...loggedModels(clustered),
      ...traces(clustered),
    ]) {
      await statement.execute(db);
    }
  },
};

/** NULL: where this store keeps them. */
const places = [
  sql`alter table experiments add column artifact_location text`,
  sql`alter table runs add column artifact_uri text`,
];

const datasets = [
  sql`alter table datasets add column dataset_schema text`,
  sql`drop view run_datasets`,
  sql`create view run_datasets as
    select
      inputs.destination_id as run_uuid,
      inputs.input_uuid as input_uuid,
      datasets.experiment_id as experiment_id,
      datasets.name as name,
      datasets.digest as digest,
      datasets.dataset_source_type as source_type,
      datasets.dataset_source as source,
      datasets.dataset_schema as schema_text,
      datasets.dataset_profile as profile,
      input_tags.value as context
    from inputs
    join datasets on datasets.dataset_uuid = inputs.source_id
    left join input_tags on input_tags.input_uuid = inputs.input_uuid and input_tags.name = 'mlflow.data.context'`,
];

const versions = [
  // A number that was given to a version never comes again, not even when the version is gone.
  sql`alter table registered_models add column last_version bigint not null default 0`,
  sql`update registered_models set last_version = coalesce(
    (select max(version) from model_versions where model_versions.name = registered_models.name), 0)`,
  sql`alter table model_versions add column current_stage text not null default 'None'`,
  sql`alter table model_versions add column run_link text`,
  sql`alter table model_versions add column model_id text`,
];

const loggedModels = (clustered: RawBuilder<unknown>) => [
  sql`create table logged_models (
    model_id text not null primary key,
    experiment_id bigint not null references experiments,
    name text not null,
    model_type text,
    source_run_id text,
    artifact_location text,
    status text not null check (status in ('PENDING', 'READY', 'FAILED')),
    lifecycle_stage text not null check (lifecycle_stage in ('active', 'deleted')),
    creation_time bigint not null,
    last_updated_time bigint not null
  )`,
  sql`create index logged_models_by_creation on logged_models (experiment_id, lifecycle_stage, creation_time)`,
  ...["logged_model_params", "logged_model_tags"].map(
    (table) => sql`create table ${sql.table(table)} (
      model_id text not null references logged_models,
      key text not null,
      value text not null,
      primary key (model_id, key)
    ) ${clustered}`,
  ),
  sql`create table logged_model_metrics (
    model_id text not null references logged_models,
    key text not null,
    timestamp bigint not null,
    step bigint not null,
    value double precision not null,
    is_nan smallint not null,
    run_id text not null references runs,
    dataset_name text not null,
    dataset_digest text not null,
    primary key (model_id, key, timestamp, step, value, is_nan, run_id, dataset_name, dataset_digest)
  ) ${clustered}`,
  // Which run has read (input) or made (output) which model.
  sql`create table run_models (
    run_uuid text not null references runs,
    direction text not null check (direction in ('input', 'output')),
    model_id text not null references logged_models,
    step bigint not null,
    primary key (run_uuid, direction, model_id)
  ) ${clustered}`,
];

const traces = (clustered: RawBuilder<unknown>) => [
  sql`create table trace_info (
    request_id text not null primary key,
    experiment_id bigint not null references experiments,
    timestamp_ms bigint not null,
    execution_time_ms bigint,
    status text not null,
    client_request_id text,
    request_preview text,
    response_preview text
  )`,
  sql`create index trace_info_by_time on trace_info (experiment_id, timestamp_ms, request_id)`,
  ...["trace_tags", "trace_request_metadata"].map(
    (table) => sql`create table ${sql.table(table)} (
      request_id text not null references trace_info on delete cascade,
      key text not null,
      value text not null,
      primary key (request_id, key)
    ) ${clustered}`,
  ),
];
