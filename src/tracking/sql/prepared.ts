// Statements of the busiest ways, written once: kysely takes longer to write an INSERT than SQLite to do it.
import type { Compilable, CompiledQuery, QueryResult } from "kysely";
import type { Database } from "./engine.ts";

/** A query that is written once. Later calls bind other values, in the order in which they stand in the SQL. */
export function prepared<Row>(
  write: (db: Database) => Compilable<Row>,
): (db: Database, values: readonly unknown[]) => Promise<QueryResult<Row>> {
  let written: CompiledQuery<Row> | undefined;
  return (db, values) => {
    written ??= write(db).compile();
    return db.executeQuery({ ...written, parameters: values });
  };
}

/** Rows of one INSERT at most; six columns of them stay below what engines allow (SQLite 32,766 values). */
const mostRows = 1024;

/**
 * An INSERT of any number of rows, as few statements as possible of few different sizes: 1,000 rows are written as
 * 512 + 256 + 128 + 64 + 32 + 8. All rows have the same columns in the same order.
 */
export function preparedInsert<Row extends object>(
  write: (db: Database, rows: readonly Row[]) => Compilable<unknown>,
): (db: Database, rows: readonly Row[]) => Promise<void> {
  const bySize = new Map<number, CompiledQuery>();
  return async (db, rows) => {
    for (let start = 0; start < rows.length; ) {
      const size = Math.min(2 ** Math.floor(Math.log2(rows.length - start)), mostRows);
      const part = rows.slice(start, start + size);
      const written = bySize.get(size) ?? write(db, part).compile();
      bySize.set(size, written);
      await db.executeQuery({ ...written, parameters: part.flatMap((row) => Object.values(row)) });
      start += size;
    }
  };
}
