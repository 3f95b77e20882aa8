import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll } from "vitest";
import { describeStore } from "./contract/describe-store.ts";
import { openStore } from "./open-store.ts";

const folder = await mkdtemp(path.join(tmpdir(), "havn-store-"));
afterAll(() => rm(folder, { recursive: true }));

let homes = 0;
describeStore("SQLite", async (now) => {
  const home = path.join(folder, String(homes++));
  return { open: () => openStore({ home, now }) };
});
