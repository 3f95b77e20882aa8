import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { describeStore } from "./contract/describe-store.ts";
import { openStore } from "./open-store.ts";

const folder = await mkdtemp(path.join(tmpdir(), "havn-store-"));
afterAll(() => rm(folder, { recursive: true }));

let homes = 0;
describeStore("SQLite", async (now) => {
  const home = path.join(folder, String(homes++));
  return { open: () => openStore({ home, now }) };
});

test("a home that is a file, a file that is no database and a URL of another one are refused in words", async () => {
  const file = path.join(folder, "file");
  await writeFile(file, "no folder");
  await expect(openStore({ home: file })).rejects.toThrow(
    `the folder ${file} cannot be used: it is a file. Name another with --home or HAVN_HOME`,
  );
  const home = path.join(folder, "strange");
  await mkdir(home);
  await writeFile(path.join(home, "havn.db"), "This was never a database, however long it is. ".repeat(20));
  await expect(openStore({ home })).rejects.toThrow(
    `the database ${path.join(home, "havn.db")} cannot be used: file is not a database`,
  );
  await expect(openStore({ home, databaseUrl: "mysql://havn:secret@host/db" })).rejects.toThrow(
    "HAVN_DATABASE_URL must be a URL such as postgres://user:password@host:5432/havn",
  );
});
