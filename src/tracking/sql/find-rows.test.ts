// The ways to the rows of a page lead to the same rows.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseFilter } from "../search/filter.ts";
import { parseOrderBy } from "../search/order-by.ts";
import { startPostgres } from "../testing/postgres-cluster.ts";
import { condition } from "./condition.ts";
import type { Engine } from "./engine.ts";
import { sqlExperiments } from "./experiments.ts";
import { findRows } from "./find-rows.ts";
import { migrate } from "./migrate.ts";
import { orderLevels } from "./order-terms.ts";
import { openPostgres } from "./postgres.ts";
import { sqlRuns } from "./runs.ts";
import { searchableRuns } from "./searchable.ts";
import type { FoundRow } from "./sort-rows.ts";
import { openSqlite } from "./sqlite.ts";

const folder = await mkdtemp(path.join(tmpdir(), "havn-rows-"));
const postgres = await startPostgres();
afterAll(async () => {
  await postgres?.stop();
  await rm(folder, { recursive: true });
});

const filters = [
  "metrics.a > 0",
  "metrics.a <= 1 and metrics.b != 2",
  "metrics.b = 1 and params.p = 'x'",
  "params.p != 'x'",
  "tags.t LIKE 'l%' and metrics.a > -1",
  "params.p IS NULL",
  "params.p IS NOT NULL",
  "params.p LIKE '%y%'",
  "params.p ILIKE 'X'",
  "params.p IN ('y', 'z')",
  "params.rare = '7'",
  "params.rare LIKE '%7'",
  "metrics.b IS NOT NULL and status = 'RUNNING'",
  `params.p = '${"long ".repeat(40)}'`,
  "run_name LIKE '%1%'",
];
const orders = [
  "metrics.a",
  "metrics.b DESC",
  "metrics.none DESC",
  "params.p DESC",
  "tags.t",
  "start_time",
  "run_name",
  "status DESC",
  "end_time",
  "user_id",
];

const engines: [string, () => Promise<Engine>][] = [
  ["SQLite", () => openSqlite(path.join(folder, "rows.db"))],
  ...(postgres ? [["Postgres", async () => openPostgres(await postgres.newDatabase())] as const] : []),
].map(([name, open]) => [name as string, open as () => Promise<Engine>]);

describe.each(engines)("on %s", (_, open) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await open();
    await migrate(engine, 0);
    await sqlExperiments(engine, () => 0).createExperiment("other");
    const runs = sqlRuns(engine, () => 1000);
    const values = [0, 1, 1, 2, -1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let i = 0; i < 80; i++) {
      const params = {
        ...(i % 4 && { p: ["x", "y", "long ".repeat(40), `${"long ".repeat(40)}${i % 5}`][i % 4]! }),
        ...(i % 35 === 7 && { rare: String(i) }),
      };
      const tags: Record<string, string> = i % 5 === 0 ? {} : { t: ["label", "Label"][i % 2]! };
      const { runId } = await runs.createRun({
        ...{ experimentId: i % 7 === 0 ? "1" : "0", name: `run-${i}`, startTime: i % 13, params, tags },
      });
      const metrics = ["a", "b"].flatMap((key, k) =>
        (i + k) % 3 === 0
          ? []
          : [{ key, value: values[(i * (k + 1)) % values.length]!, timestamp: 0, step: 0 }],
      );
      await runs.logBatch(runId, { metrics });
      if (i % 11 === 0) await runs.deleteRun(runId);
    }
  });
  afterAll(() => engine.db.destroy());

  /** All pages, each begun where the one before ended. */
  async function pages(
    filter: string,
    orderBy: readonly string[],
    size: number,
    few: number,
    experiments: "one" | "several",
  ) {
    const order = orderLevels(engine, searchableRuns, orderBy.map(parseOrderBy), experiments);
    const terms = order.flatMap((level) => [...level.terms]);
    const found: string[] = [];
    let last: FoundRow | undefined;
    do {
      const rows: FoundRow[] = await findRows(engine.db, {
        ...{ searchable: searchableRuns, order, few, limit: size },
        scope: [
          experiments === "one"
            ? sql<boolean>`runs.experiment_id = 0`
            : sql<boolean>`+runs.experiment_id in (0, 1)`,
          sql<boolean>`runs.lifecycle_stage = 'active'`,
        ],
        conditions: parseFilter(filter).map((comparison) => condition(engine, searchableRuns, comparison)),
        end: last && terms.map((_, i) => last![`term_${i}`]!),
      });
      found.push(...rows.map(({ run_uuid }) => String(run_uuid)));
      last = rows.length === size ? rows.at(-1) : undefined;
    } while (last);
    return found;
  }

  test("few or many, filtered by keys or not, in whatever order and pages", async () => {
    const filter = fc.subarray(filters, { maxLength: 2 }).map((parts) => parts.join(" and "));
    const orderBy = fc.subarray(orders, { maxLength: 3 });
    const size = fc.oneof(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 2, max: 8 }));
    const experiments = fc.constantFrom("one", "several");
    const few = fc.constantFrom(1, 2, 5, 20, 1000);
    await fc.assert(
      fc.asyncProperty(
        filter,
        orderBy,
        size,
        few,
        experiments,
        async (filter, orderBy, size, few, experiments) => {
          const whole = await pages(filter, orderBy, 1000, Number.MAX_SAFE_INTEGER - 1, experiments);
          expect(new Set(whole).size).toBe(whole.length);
          expect(await pages(filter, orderBy, size, few, experiments)).toEqual(whole);
        },
      ),
      { numRuns: 60 },
    );
  });
});
