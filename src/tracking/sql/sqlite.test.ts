import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { sql } from "kysely";
import { afterAll, expect, test } from "vitest";
import { migrate } from "./migrate.ts";
import { openSqlite } from "./sqlite.ts";

const folder = await mkdtemp(path.join(tmpdir(), "havn-sqlite-"));
afterAll(() => rm(folder, { recursive: true }));

test("the settings that the promises rest on are in force", async () => {
  const { db } = await openSqlite(path.join(folder, "settings.db"));
  const setting = async (name: string) =>
    Object.values((await sql<object>`pragma ${sql.raw(name)}`.execute(db)).rows[0]!)[0];
  expect(await setting("journal_mode")).toBe("wal");
  expect(await setting("synchronous")).toBe(1); // NORMAL
  expect(await setting("foreign_keys")).toBe(1);
  expect(await setting("busy_timeout")).toBe(30_000);
  await db.destroy();
});

test("a param of no run is refused by the database itself", async () => {
  const engine = await openSqlite(path.join(folder, "keys.db"));
  await migrate(engine, 0);
  const orphan = engine.db.insertInto("params").values({ run_uuid: "none", key: "lr", value: "1" }).execute();
  await expect(orphan).rejects.toThrow("FOREIGN KEY constraint failed");
  await engine.db.destroy();
});

test("more different statements than are kept are answered all the same", async () => {
  const { db } = await openSqlite(path.join(folder, "statements.db"));
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 300; i++) {
      expect((await sql`select ${sql.lit(i)} as value`.execute(db)).rows).toEqual([{ value: i }]);
    }
  }
  await db.destroy();
});
