import type { Expression, Kysely, RawBuilder, SqlBool } from "kysely";
import type { Tables } from "./tables.ts";

export type Database = Kysely<Tables>;

/** All in which one database engine differs from another; everything else is written once. */
export interface Engine {
  readonly db: Database;
  /** Ends a CREATE TABLE whose rows should lie in the order of the primary key. */
  readonly clustered: RawBuilder<unknown>;
  /** `%` stands for any text, `_` for one character; capitals count. */
  like(column: RawBuilder<string>, pattern: string): Expression<SqlBool>;
  /** As `like`, but capitals do not count. */
  ilike(column: RawBuilder<string>, pattern: string): Expression<SqlBool>;
}
