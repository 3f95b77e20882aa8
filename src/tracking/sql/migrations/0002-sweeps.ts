import { sql } from "kysely";
import type { Migration } from "../migrate.ts";

/** Sweeps, their trials and who works on them; what happened in the registry, and who has heard of it. */
export const sweeps: Migration = {
  version: 2,
  name: "sweeps",
  async up(db, { clustered }) {
    const statements = [
      sql`create table sweeps (
        sweep_id text not null primary key,
        project text not null,
        name text not null,
        definition text not null,
        overrides text not null,
        seed bigint not null,
        status text not null check (status in ('RUNNING', 'FINISHED', 'STOPPED')),
        created_by text not null,
        creation_time bigint not null,
        last_update_time bigint not null
      )`,
      sql`create index sweeps_by_project on sweeps (project, creation_time)`,
      sql`create table trials (
        sweep_id text not null references sweeps,
        number bigint not null,
        parameters text not null,
        status text not null check (status in ('WAITING', 'RUNNING', 'FINISHED', 'STOPPED_EARLY', 'FAILED')),
        attempts bigint not null,
        agent text,
        lease_until bigint,
        run_uuid text,
        value double precision,
        error text,
        start_time bigint not null,
        end_time bigint,
        primary key (sweep_id, number)
      ) ${clustered}`,
      sql`create table registry_events (
        name text not null,
        number bigint not null,
        kind text not null check (kind in ('version-created', 'alias-set', 'alias-deleted')),
        time bigint not null,
        made_by text not null,
        version bigint,
        alias text,
        previous_version bigint,
        primary key (name, number)
      ) ${clustered}`,
      sql`create index registry_events_by_time on registry_events (time)`,
      sql`create table webhooks (
        webhook text not null primary key,
        creation_time bigint not null
      ) ${clustered}`,
      sql`create table webhook_deliveries (
        webhook text not null references webhooks,
        name text not null,
        number bigint not null,
        status text not null check (status in ('DUE', 'DELIVERED', 'GIVEN_UP')),
        attempts bigint not null,
        due_time bigint not null,
        error text,
        primary key (webhook, name, number)
      ) ${clustered}`,
    ];
    for (const statement of statements) await statement.execute(db);
  },
};
