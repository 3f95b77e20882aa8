// Statements of the busiest ways, written once: kysely takes longer to write an INSERT than SQLite to do it.
import type { Compilable, CompiledQuery, QueryResult } from "kysely";
import type { Database } from "./engine.ts";

/** What was written for each database, since SQLite and Postgres spell the same query in two ways. */
function memory<Row>() {
  const ofDatabase = new WeakMap<object, Map<number, CompiledQuery<Row>>>();
  return (db: Database, size: number, write: () => Compilable<Row>): CompiledQuery<Row> => {
    // The same object for a database and for its transactions.
    const { adapter } = db.getExecutor();
    const bySize = ofDatabase.get(adapter) ?? new Map<number, CompiledQuery<Row>>();
    ofDatabase.set(adapter, bySize);
    const written = bySize.get(size) ?? write().compile();
    bySize.set(size, written);
    return written;
  };
}

/** A query that is written once. Later calls bind other values, in the order in which they stand in the SQL. */
export function prepared<Row>(
  write: (db: Database) => Compilable<Row>,
): (db: Database, values: readonly unknown[]) => Promise<QueryResult<Row>> {
  const written = memory<Row>();
  return (db, parameters) => db.executeQuery({ ...written(db, 1, () => write(db)), parameters });
}

/** Rows of one INSERT at most; nine columns of them stay below what engines allow (SQLite 32,766 values). */
const mostRows = 1024;

/**
 * An INSERT of any number of rows, as few statements as possible of few different sizes: 1,000 rows are written as
 * 512 + 256 + 128 + 64 + 32 + 8. All rows have the same columns in the same order.
 */
export function preparedInsert<Row extends object>(
  write: (db: Database, rows: readonly Row[]) => Compilable<unknown>,
): (db: Database, rows: readonly Row[]) => Promise<void> {
  const written = memory<unknown>();
  return async (db, rows) => {
    for (let start = 0; start < rows.length; ) {
      const size = Math.min(2 ** Math.floor(Math.log2(rows.length - start)), mostRows);
      const part = rows.slice(start, start + size);
      // One list of thousands of values, without a small one for each row.
      const parameters: unknown[] = [];
      for (const row of part) for (const column in row) parameters.push(row[column]);
      await db.executeQuery({ ...written(db, size, () => write(db, part)), parameters });
      start += size;
    }
  };
}
