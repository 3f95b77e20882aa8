// Postgres through postgres.js: any number of servers side by side.
import { setTimeout as delay } from "node:timers/promises";
import { Kysely, sql } from "kysely";
import { PostgresJSDialect } from "kysely-postgres-js";
import postgres from "postgres";
import { StoreError } from "../store-error.ts";
import type { Engine } from "./engine.ts";
import { connectionsOf, isLost } from "./postgres-connections.ts";
import type { Tables } from "./tables.ts";

/** Connections of one server. Postgres has room for a hundred unless told otherwise. */
const mostConnections = 10;
/** Serialization failure, deadlock: "the transaction was rolled back, try it again" (Postgres manual, appendix A). */
const worthAnotherTry = new Set(["40001", "40P01"]);
const mostTries = 10;
const diskFull = "53100";

/**
 * Opens a database by its URL (`postgres://user:password@host:5432/name`), which may carry settings of the connection
 * such as `?sslmode=require` or `?search_path=havn`.
 *
 * @throws {StoreError} `unavailable` when it cannot be reached; the message never holds the password
 */
export async function openPostgres(url: string): Promise<Engine> {
  const place = describePlace(url);
  const client = () =>
    postgres(url, {
      max: mostConnections,
      onnotice: () => {},
      connection: { application_name: "havn" },
      // Times, steps and ids are bigint and stay below 2^53 (see limits.ts).
      types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
    });
  const connections = connectionsOf(client, (error) => (isLost(error) ? unavailable(place, error) : error));
  const db = new Kysely<Tables>({ dialect: new PostgresJSDialect({ postgres: () => connections }) });
  try {
    await sql`select 1`.execute(db);
  } catch (error) {
    await db.destroy();
    throw error instanceof StoreError ? error : unavailable(place, error);
  }
  return {
    db,
    async transaction(steps) {
      for (let tries = 1; ; tries++) {
        let isToCommit = false;
        try {
          return await db.transaction().execute(async (transaction) => {
            const result = await steps(transaction);
            isToCommit = true;
            return result;
          });
        } catch (error) {
          if (codeOf(error) === diskFull) throw noSpace(error);
          // Of a commit whose answer was lost nobody knows whether it was made; before, nothing was.
          const isUnmade = isUnavailable(error) && !isToCommit;
          if (!(isUnmade || worthAnotherTry.has(codeOf(error))) || tries === mostTries) throw error;
          // Those that ran into each other should not do so again; a database that starts anew is given time.
          await delay(Math.random() * 10 * 2 ** tries);
        }
      }
    },
    async lists(query) {
      const { sql: text, parameters } = query.compile();
      return connections.lists(text, [...parameters] as (string | number | null)[]);
    },
    json: (column) => sql`to_json(${column})::text`,
    joined: (text) => sql`string_agg(${text}, ',')`,
    async alone(transaction, subject) {
      await sql`select pg_advisory_xact_lock(hashtext(${`havn ${subject}`}))`.execute(transaction);
    },
    async hasTable(name) {
      const { rows } = await sql<{
        found: string | null;
      }>`select to_regclass(${name})::text as found`.execute(db);
      return rows[0]?.found != null;
    },
    // Weaker than FOR UPDATE: rows that refer to this one can still be inserted.
    locked: sql`for no key update`,
    clustered: sql``,
    // Ids are hexadecimal: none holds a comma.
    amongIds: (column, ids) => sql`${column} = any(string_to_array(${ids.join(",")}, ','))`,
    byCodePoint: (text) => sql`${text} collate "C"`,
    // Without an escape character, as in SQLite and MLflow: a backslash is a backslash.
    like: (column, pattern) => sql`${column} like ${pattern} escape ''`,
    ilike: (column, pattern) => sql`${column} ilike ${pattern} escape ''`,
  };
}

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";

const isUnavailable = (error: unknown) => error instanceof StoreError && error.code === "unavailable";

const noSpace = (cause: unknown) =>
  new StoreError(
    "no-space",
    "database",
    "the disk of the database is full: nothing of this was written; make room and try again",
    { cause },
  );

function unavailable(place: string, cause: unknown): StoreError {
  const reason = (cause instanceof Error && (cause.message || codeOf(cause))) || String(cause);
  return new StoreError(
    "unavailable",
    "database",
    `the database ${place} (HAVN_DATABASE_URL) cannot be used: ${reason}`,
    { cause },
  );
}

/** Host and name of a database, for messages: without user and password. */
function describePlace(url: string): string {
  try {
    const { host, pathname, protocol } = new URL(url);
    if (!/^postgres(ql)?:$/.test(protocol)) throw new Error(`no Postgres: ${protocol}`);
    return `${host || "localhost"}${pathname}`;
  } catch {
    throw new StoreError(
      "invalid",
      "HAVN_DATABASE_URL",
      "HAVN_DATABASE_URL must be a URL such as postgres://user:password@host:5432/havn",
    );
  }
}
