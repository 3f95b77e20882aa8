import { existsSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openStore } from "./open-store.ts";
import type { CommandHook } from "./registry-events.ts";
import { deliverEvents } from "./registry-events-delivery.ts";
import type { Store } from "./store.ts";

let folder: string;
let store: Store;
let stop: AbortController;
let delivering: Promise<void>;
const failures: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "havn-commands-"));
  store = await openStore({ home: folder, user: "ada" });
  stop = new AbortController();
  failures.length = 0;
});
afterEach(async () => {
  stop.abort();
  await delivering;
  await store.close();
  await rm(folder, { recursive: true });
});

/** Delivers to a command, and registers two versions of which the second is promoted. */
async function promoteBeside(command: Omit<CommandHook, "folder">, retry = { firstRetryMs: 1 }) {
  delivering = deliverEvents(store, [{ ...command, folder }], {
    ...{ signal: stop.signal, everyMs: 1, ...retry },
    onFailure: ({ hook, error, isLast }) =>
      void failures.push(`${hook}: ${error}${isLast ? ", the last" : ""}`),
  });
  await store.createRegisteredModel("reviews");
  for (const source of ["a", "b"]) await store.createModelVersion({ name: "reviews", source });
  await store.setAlias("reviews", "inference", 2, "grace");
}

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise(setImmediate);
};

const file = (name: string): string => path.join(folder, name);

async function script(name: string, lines: string): Promise<void> {
  await writeFile(file(name), `#!/bin/sh\n${lines}\n`);
  await chmod(file(name), 0o755);
}

test("a command hears of each event, on its input and in its environment, one after another", async () => {
  await script(
    "deploy.sh",
    `echo "$1 $HAVN_EVENT $HAVN_MODEL v$HAVN_VERSION $HAVN_ALIAS" >> told; cat >> bodies; echo >> bodies
     [ "$HAVN_ALIAS" = inference ] && touch done; true`,
  );
  // An argument is an argument: no shell takes it apart.
  await promoteBeside({ run: ["./deploy.sh", "$(whoami) ; *"] });
  await until(() => existsSync(file("done")));
  expect(await readFile(file("told"), "utf8")).toBe(
    [
      "$(whoami) ; * model_version.created reviews v1 \n",
      "$(whoami) ; * model_version.created reviews v2 \n",
      "$(whoami) ; * model_version_alias.created reviews v2 inference\n",
    ].join(""),
  );
  const bodies = (await readFile(file("bodies"), "utf8")).trim().split("\n");
  expect(bodies.map((body) => JSON.parse(body))).toMatchObject([
    { entity: "model_version", action: "created", data: { version: "1", source: "a", user: "ada" } },
    { data: { version: "2" } },
    { entity: "model_version_alias", data: { alias: "inference", version: "2", user: "grace" } },
  ]);
  expect(failures).toEqual([]);
});

test("one that fails is started again; its last words say why, its arguments stay secret", async () => {
  await script(
    "deploy.sh",
    `echo x >> tries; [ $(wc -l < tries) -gt 2 ] && touch done && exit 0; echo one >&2; echo no such host >&2; exit 3`,
  );
  await promoteBeside({ run: ["./deploy.sh", "--password=tiger"], alias: "inference" });
  await until(() => existsSync(file("done")));
  expect(failures).toEqual(Array(2).fill("./deploy.sh: exit code 3: no such host"));
  expect(await readFile(file("tries"), "utf8")).toBe("x\nx\nx\n");
});

test("one that fails for long is given up", async () => {
  await promoteBeside({ run: ["false"], alias: "inference" }, { firstRetryMs: 0 });
  await until(() => failures.length === 15);
  expect(failures.slice(-2)).toEqual(["false: exit code 1", "false: exit code 1, the last"]);
});

test.each([
  ["no-such-program", "there is no such program"],
  ["./notes.txt", "it may not be executed (chmod +x)"],
])("that %s cannot be started is said", async (program, why) => {
  await writeFile(file("notes.txt"), "");
  await promoteBeside({ run: [program], alias: "inference" }, { firstRetryMs: 60_000 });
  await until(() => failures.length === 1);
  expect(failures).toEqual([`${program}: ${program} could not be started: ${why}`]);
});

test("one that takes too long is ended, with what it has started", async () => {
  await script("deploy.sh", `sleep 1000 & echo $! > child; wait`);
  const command = { run: ["./deploy.sh"] as const, alias: "inference", timeoutMs: 500 };
  await promoteBeside(command, { firstRetryMs: 60_000 });
  await until(() => failures.length === 1);
  expect(failures).toEqual(["./deploy.sh: not done after 0.5 s"]);
  const child = Number(await readFile(file("child"), "utf8"));
  // What is killed may be a zombie for a moment, until somebody has waited for it.
  await until(() => hasEnded(child));
});

test("what a command leaves running in the background is not waited for", async () => {
  await script("deploy.sh", `sleep 1000 & echo $! > child; touch done`);
  const told: string[] = [];
  delivering = deliverEvents(store, [{ run: ["./deploy.sh"], folder, alias: "inference" }], {
    ...{ signal: stop.signal, everyMs: 1 },
    onDelivered: ({ hook, event }) => void told.push(`${hook} ${event.kind}`),
  });
  await store.createRegisteredModel("reviews");
  await store.createModelVersion({ name: "reviews", source: "a" });
  await store.setAlias("reviews", "inference", 1);
  await until(() => told.length === 1);
  expect(told).toEqual(["./deploy.sh alias-set"]);
  process.kill(Number(await readFile(file("child"), "utf8")), "SIGKILL");
});

function hasEnded(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}
