import { type RawBuilder, sql } from "kysely";
import type { Migration } from "../migrate.ts";

/** Experiments, runs and what they log, datasets, and the model registry. Plain SQL that SQLite and Postgres share. */
export const initial: Migration = {
  version: 1,
  name: "initial",
  async up(db, { clustered }, time) {
    for (const statement of [
      ...experiments(clustered),
      ...runs(clustered),
      ...datasets,
      ...registry(clustered),
    ]) {
      await statement.execute(db);
    }
    const always = { experiment_id: 0, name: "Default", lifecycle_stage: "active" } as const;
    await db
      .insertInto("experiments")
      .values({ ...always, creation_time: time, last_update_time: time })
      .execute();
  },
};

const experiments = (clustered: RawBuilder<unknown>) => [
  sql`create table experiments (
    experiment_id bigint not null primary key,
    name text not null unique,
    lifecycle_stage text not null check (lifecycle_stage in ('active', 'deleted')),
    creation_time bigint not null,
    last_update_time bigint not null
  )`,
  sql`create table experiment_tags (
    experiment_id bigint not null references experiments,
    key text not null,
    value text not null,
    primary key (experiment_id, key)
  ) ${clustered}`,
];

const runs = (clustered: RawBuilder<unknown>) => [
  sql`create table runs (
    run_uuid text not null primary key,
    name text not null,
    status text not null check (status in ('RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED')),
    start_time bigint not null,
    end_time bigint,
    deleted_time bigint,
    lifecycle_stage text not null check (lifecycle_stage in ('active', 'deleted')),
    experiment_id bigint not null references experiments
  )`,
  sql`create index runs_by_start on runs (experiment_id, lifecycle_stage, start_time, run_uuid)`,
  ...["params", "tags"].flatMap((table) => [
    sql`create table ${sql.table(table)} (
      run_uuid text not null references runs,
      key text not null,
      value text not null,
      primary key (run_uuid, key)
    ) ${clustered}`,
    sql`create index ${sql.ref(`${table}_by_key`)} on ${sql.table(table)} (key, run_uuid)`,
  ]),
  sql`create table metrics (
    run_uuid text not null references runs,
    key text not null,
    timestamp bigint not null,
    step bigint not null,
    value double precision not null,
    is_nan smallint not null,
    primary key (run_uuid, key, timestamp, step, value, is_nan)
  ) ${clustered}`,
  sql`create table latest_metrics (
    run_uuid text not null references runs,
    key text not null,
    value double precision not null,
    is_nan smallint not null,
    timestamp bigint not null,
    step bigint not null,
    primary key (run_uuid, key)
  ) ${clustered}`,
  sql`create index latest_metrics_by_value on latest_metrics (key, value, run_uuid)`,
];

const datasets = [
  sql`create table datasets (
    dataset_uuid text not null unique,
    experiment_id bigint not null references experiments,
    name text not null,
    digest text not null,
    dataset_source_type text not null,
    dataset_source text not null,
    dataset_profile text,
    primary key (experiment_id, name, digest)
  )`,
  sql`create table inputs (
    input_uuid text not null unique,
    source_type text not null,
    source_id text not null references datasets (dataset_uuid),
    destination_type text not null,
    destination_id text not null references runs (run_uuid),
    primary key (destination_id, source_id)
  )`,
  sql`create table input_tags (
    input_uuid text not null references inputs (input_uuid),
    name text not null,
    value text not null,
    primary key (input_uuid, name)
  )`,
  sql`create view run_datasets as
    select
      inputs.destination_id as run_uuid,
      datasets.name as name,
      datasets.digest as digest,
      datasets.dataset_source as source,
      datasets.dataset_profile as profile,
      input_tags.value as context
    from inputs
    join datasets on datasets.dataset_uuid = inputs.source_id
    left join input_tags on input_tags.input_uuid = inputs.input_uuid and input_tags.name = 'mlflow.data.context'`,
];

const registry = (clustered: RawBuilder<unknown>) => [
  sql`create table registered_models (
    name text not null primary key,
    creation_time bigint not null,
    last_updated_time bigint not null,
    description text not null
  )`,
  sql`create table registered_model_tags (
    name text not null references registered_models on update cascade on delete cascade,
    key text not null,
    value text not null,
    primary key (name, key)
  ) ${clustered}`,
  sql`create table model_versions (
    name text not null references registered_models on update cascade on delete cascade,
    version bigint not null,
    creation_time bigint not null,
    last_updated_time bigint not null,
    description text not null,
    source text not null,
    run_id text,
    primary key (name, version)
  )`,
  sql`create index model_versions_by_run on model_versions (run_id)`,
  sql`create table model_version_tags (
    name text not null,
    version bigint not null,
    key text not null,
    value text not null,
    primary key (name, version, key),
    foreign key (name, version) references model_versions on update cascade on delete cascade
  ) ${clustered}`,
  sql`create table registered_model_aliases (
    name text not null,
    alias text not null,
    version bigint not null,
    primary key (name, alias),
    foreign key (name, version) references model_versions on update cascade on delete cascade
  ) ${clustered}`,
];
