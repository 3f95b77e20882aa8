// SQLite through node:sqlite: one connection per process, any number of processes.
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import {
  CompiledQuery,
  type DatabaseConnection,
  Kysely,
  type SqliteDatabase,
  SqliteDialect,
  type SqliteDialectConfig,
  SqliteDriver,
  type SqliteStatement,
  sql,
} from "kysely";
import { StoreError } from "../store-error.ts";
import type { Engine } from "./engine.ts";
import type { Tables } from "./tables.ts";

/** How long a writer waits for another process's transaction; ours take milliseconds. */
const busyTimeoutMs = 30_000;

/**
 * Opens (or makes) a database file.
 *
 * Write-ahead log: readers and a writer do not wait for each other. `synchronous = NORMAL`: a commit is handed to
 * the operating system, which keeps it when any process dies, kill -9 included; the disk is waited for at
 * checkpoints only. A power cut can lose the last commits, but never tears one or harms the file. FULL would
 * wait for the disk at every commit, milliseconds each, to keep metrics that the broken-off training run must
 * compute again anyway.
 *
 * @throws {StoreError} `unavailable` for a file that cannot be written, or is no database
 */
export async function openSqlite(file: string): Promise<Engine> {
  const database = await opened(file);
  database.exec("pragma synchronous = normal");
  const ofLists = lists(database);
  const db = new Kysely<Tables>({ dialect: new ImmediateDialect(database) });
  return {
    db,
    transaction: (steps) => db.transaction().execute(steps),
    lists: (query) =>
      // There is one connection: no transaction may be open on it meanwhile.
      db.connection().execute(async () => {
        const { sql: text, parameters } = query.compile();
        return ofLists(text, parameters);
      }),
    json: (column) => sql`json_quote(${column})`,
    joined: (text) => sql`group_concat(${text}, ',')`,
    // Who writes has the only write lock already.
    alone: async () => {},
    async hasTable(name) {
      const { rows } = await sql`select 1 from sqlite_master where type = 'table' and name = ${name}`.execute(
        db,
      );
      return rows.length > 0;
    },
    locked: sql``,
    clustered: sql`without rowid`,
    amongIds: (column, ids) => sql`${column} in (select value from json_each(${JSON.stringify(ids)}))`,
    byCodePoint: (text) => text,
    // LIKE ignores capitals in SQLite, GLOB does not; its own wildcards are taken literally in brackets.
    like: (column, pattern) =>
      sql`${column} glob ${pattern.replace(/[*?[]/g, "[$&]").replaceAll("%", "*").replaceAll("_", "?")}`,
    ilike: (column, pattern) => sql`${column} like ${pattern}`,
  };
}

async function opened(file: string): Promise<DatabaseSync> {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true });
    await useWriteAheadLog(database);
    return database;
  } catch (cause) {
    database?.close();
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `the database ${file} cannot be used: ${reason}. Name another folder with --home or HAVN_HOME, or see who may write this one`;
    throw new StoreError("unavailable", "database", message, { cause });
  }
}

/** SQLITE_BUSY. */
const busy = 5;

/** Two processes that open a new file at once: the switch fails for one, and SQLite does not wait by itself here. */
async function useWriteAheadLog(database: DatabaseSync): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      database.exec("pragma journal_mode = wal");
      return;
    } catch (error) {
      if (codeOf(error) !== busy || attempt === 100) throw error;
      await delay(20);
    }
  }
}

/**
 * Transactions take the write lock when they begin. One that began by reading could not wait for another writer
 * when it comes to write: SQLite fails it at once, whatever the busy timeout.
 */
class ImmediateDriver extends SqliteDriver {
  readonly #database: DatabaseSync;

  constructor(config: SqliteDialectConfig, database: DatabaseSync) {
    super(config);
    this.#database = database;
  }

  /** A full disk ends a transaction by itself: what went wrong is to be told, not that nothing is left to roll back. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#database.isTransaction) await super.rollbackTransaction(connection);
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("begin immediate"));
  }
}

class ImmediateDialect extends SqliteDialect {
  readonly #database: DatabaseSync;
  readonly #config: SqliteDialectConfig;

  constructor(database: DatabaseSync) {
    const config = { database: statements(database) };
    super(config);
    this.#config = config;
    this.#database = database;
  }

  override createDriver(): ImmediateDriver {
    return new ImmediateDriver(this.#config, this.#database);
  }
}

/** Runs statements whose rows are lists. They are kept too. */
function lists(database: DatabaseSync) {
  const kept = leastRecentlyUsed((text) => {
    const statement = database.prepare(text);
    statement.setReturnArrays(true);
    return statement;
  });
  return (text: string, parameters: readonly unknown[]) =>
    kept(text).all(...bound(parameters)) as unknown as unknown[][];
}

const keptStatements = 200;

/** node:sqlite in the shape that kysely's dialect asks for. Statements are kept: preparing costs more than running. */
function statements(database: DatabaseSync): SqliteDatabase {
  const kept = leastRecentlyUsed((text) => adapt(database.prepare(text)));
  return { close: () => database.close(), prepare: kept };
}

/** Makes what is asked for by a text, and keeps the last ones. */
function leastRecentlyUsed<Kept>(make: (text: string) => Kept): (text: string) => Kept {
  const kept = new Map<string, Kept>();
  return (text) => {
    const found = kept.get(text) ?? make(text);
    // Deleting and setting moves it to the end: the first of the map is the one unused for longest.
    kept.delete(text);
    kept.set(text, found);
    if (kept.size > keptStatements) kept.delete(kept.keys().next().value!);
    return found;
  };
}

/** All values come from typed queries, which bind nothing but text, numbers and null. */
const bound = (parameters: readonly unknown[]) => parameters as SQLInputValue[];

function adapt(statement: StatementSync): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => explained(() => statement.all(...bound(parameters))),
    run: (parameters) => explained(() => statement.run(...bound(parameters))),
    iterate: (parameters) => statement.iterate(...bound(parameters)),
  };
}

/** SQLITE_FULL, as SQLite's documentation numbers its results. */
const full = 13;

/** A full disk in words that say what to do. */
function explained<Result>(run: () => Result): Result {
  try {
    return run();
  } catch (cause) {
    if (codeOf(cause) !== full) throw cause;
    const message =
      "the disk of the database is full: nothing of this was written, nothing else is lost; make room and try again";
    throw new StoreError("no-space", "database", message, { cause });
  }
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && "errcode" in error ? error.errcode : undefined;
