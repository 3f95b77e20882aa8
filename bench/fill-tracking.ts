/** Fills a home folder with runs by SQL alone: what is measured on them is reading. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { openStore } from "../src/tracking/index.ts";

/**
 * @param home empty folder
 * @returns the experiment of the runs; each has `metrics` metrics `m0`, `m1`, ... between 0 and 1, two params, two tags
 */
export async function fillTracking(home: string, runs: number, metrics: number): Promise<string> {
  const store = await openStore({ home });
  const { experimentId } = await store.createExperiment("filled");
  await store.close();
  const database = new DatabaseSync(join(home, "havn.db"));
  database.exec("pragma synchronous = off; pragma cache_size = -200000; begin");
  const run = database.prepare(
    `insert into runs (run_uuid, name, status, start_time, end_time, lifecycle_stage, experiment_id)
     values (?, ?, 'FINISHED', ?, ?, 'active', ?)`,
  );
  const param = database.prepare("insert into params values (?, ?, ?)");
  const tag = database.prepare("insert into tags values (?, ?, ?)");
  const values = ["metrics", "latest_metrics"].map((table) =>
    database.prepare(
      `insert into ${table} (run_uuid, key, value, is_nan, timestamp, step) values (?, ?, ?, 0, ?, 1)`,
    ),
  );
  const random = generator();
  for (const [i, id] of Array.from({ length: runs }, () => hexadecimal(random)).entries()) {
    const start = 1_700_000_000_000 + i;
    run.run(id, `run-${i}`, start, start + 1000, Number(experimentId));
    param.run(id, "lr", String(i % 10));
    param.run(id, "seed", String(i));
    tag.run(id, "mlflow.runName", `run-${i}`);
    tag.run(id, "preset", i % 3 === 0 ? "small" : "base");
    for (let k = 0; k < metrics; k++) {
      const value = random();
      for (const insert of values) insert.run(id, `m${k}`, value, start);
    }
  }
  database.exec("commit");
  database.close();
  return experimentId;
}

/** Mulberry32: the same runs each time. */
function generator(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const hexadecimal = (random: () => number): string =>
  Array.from({ length: 4 }, () =>
    Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, "0"),
  ).join("");
