import { StoreError } from "../store-error.ts";
import type { Database, Engine } from "./engine.ts";
import { initial } from "./migrations/0001-initial.ts";
import { sweeps } from "./migrations/0002-sweeps.ts";
import { clientOfVersion3 } from "./migrations/0003-client-of-version-3.ts";
import { indexesOfSearch } from "./migrations/0004-indexes-of-search.ts";
import { indexesOfOrder } from "./migrations/0005-indexes-of-order.ts";
import { indexOfAllRuns } from "./migrations/0006-index-of-all-runs.ts";

/** One step of the schema. A step that was released is never changed; what follows is a new one. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  up(db: Database, engine: Engine, time: number): Promise<void>;
}

/** In order, without gaps. */
const released: readonly Migration[] = [
  initial,
  sweeps,
  clientOfVersion3,
  indexesOfSearch,
  indexesOfOrder,
  indexOfAllRuns,
];

/**
 * Brings the schema up to this program's version: all missing steps in one transaction, so that a process that is
 * killed leaves the old schema or the new one. Several processes may try at once; the first does the work.
 *
 * @throws {StoreError} `newer-database` when the database was written by a newer program
 */
export async function migrate(engine: Engine, time: number, steps = released): Promise<void> {
  const newest = steps.at(-1)?.version ?? 0;
  const isNew = !(await engine.hasTable("schema_migrations"));
  if (!isNew && refuseNewer(await versionOf(engine.db), newest) === newest) return;
  await engine.transaction(async (transaction) => {
    await engine.alone(transaction, "schema");
    await transaction.schema
      .createTable("schema_migrations")
      .ifNotExists()
      .addColumn("version", "integer", (column) => column.primaryKey())
      .addColumn("name", "text", (column) => column.notNull())
      .addColumn("applied_time", "bigint", (column) => column.notNull())
      .execute();
    // Asked again: another process may have been first to get the lock.
    const current = refuseNewer(await versionOf(transaction), newest);
    for (const { version, name, up } of steps.filter((step) => step.version > current)) {
      await up(transaction, engine, time);
      await transaction
        .insertInto("schema_migrations")
        .values({ version, name, applied_time: time })
        .execute();
    }
  });
}

/** 0 before the first step. */
async function versionOf(db: Database): Promise<number> {
  const { version } = await db
    .selectFrom("schema_migrations")
    .select((eb) => eb.fn.max("version").as("version"))
    .executeTakeFirstOrThrow();
  return version ?? 0;
}

function refuseNewer(current: number, newest: number): number {
  if (current <= newest) return current;
  throw new StoreError(
    "newer-database",
    "database schema",
    `the database has schema version ${current}, but this program knows versions up to ${newest}: it was written by a ` +
      "newer Havn. Update Havn, or name another folder with --home (another database with HAVN_DATABASE_URL). " +
      "Nothing was changed.",
    { expected: `at most ${newest}`, got: String(current) },
  );
}
