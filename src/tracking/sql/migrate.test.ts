import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { sql } from "kysely";
import { afterAll, expect, test } from "vitest";
import { openStore } from "../open-store.ts";
import { type Migration, migrate } from "./migrate.ts";
import { openSqlite } from "./sqlite.ts";

const folder = await mkdtemp(path.join(tmpdir(), "havn-migrate-"));
afterAll(() => rm(folder, { recursive: true }));

const step = (version: number, table: string): Migration => ({
  version,
  name: table,
  up: async (db) => void (await sql`create table ${sql.table(table)} (id bigint)`.execute(db)),
});

const tablesOf = (file: string) => {
  const database = new DatabaseSync(file, { readOnly: true });
  const rows = database.prepare("select name from sqlite_master where type = 'table' order by name").all();
  database.close();
  return rows.map(({ name }) => name);
};

test("a store of a newer program is refused, untouched, with what to do", async () => {
  const home = path.join(folder, "newer");
  await (await openStore({ home })).close();
  const database = new DatabaseSync(path.join(home, "havn.db"));
  database.exec("insert into schema_migrations values (99, 'from the future', 0)");
  database.close();
  await expect(openStore({ home })).rejects.toThrow(
    /^the database has schema version 99, but this program knows versions up to \d+: it was written by a newer Havn\. Update Havn, or name another folder with --home \(another database with HAVN_DATABASE_URL\)\. Nothing was changed\.$/,
  );
  await expect(openStore({ home })).rejects.toMatchObject({ code: "newer-database", got: "99" });
});

test("steps that are missing are taken in order, those that were taken are not", async () => {
  const file = path.join(folder, "steps.db");
  const engine = await openSqlite(file);
  await migrate(engine, 1, [step(1, "first")]);
  await migrate(engine, 2, [step(1, "first"), step(2, "second"), step(3, "third")]);
  await migrate(engine, 3, [step(1, "first"), step(2, "second"), step(3, "third")]);
  expect(await engine.db.selectFrom("schema_migrations").selectAll().execute()).toEqual([
    { version: 1, name: "first", applied_time: 1 },
    { version: 2, name: "second", applied_time: 2 },
    { version: 3, name: "third", applied_time: 2 },
  ]);
  await engine.db.destroy();
  expect(tablesOf(file)).toEqual(["first", "schema_migrations", "second", "third"]);
});

test("steps that fail leave the schema as it was", async () => {
  const file = path.join(folder, "failed.db");
  const engine = await openSqlite(file);
  await migrate(engine, 1, [step(1, "first")]);
  const failing: Migration = { ...step(3, "third"), up: async () => Promise.reject(new Error("disk full")) };
  await expect(migrate(engine, 2, [step(1, "first"), step(2, "second"), failing])).rejects.toThrow(
    "disk full",
  );
  await engine.db.destroy();
  expect(tablesOf(file)).toEqual(["first", "schema_migrations"]);
});
