import type { Compilable, Expression, Kysely, RawBuilder, SqlBool } from "kysely";
import type { Tables } from "./tables.ts";

export type Database = Kysely<Tables>;

/** All in which one database engine differs from another; everything else is written once. */
export interface Engine {
  readonly db: Database;
  /**
   * Does several steps as one: all or nothing, acknowledged when they are safe. Where the engine gives up on them
   * because other writers were in the way (a deadlock), they are done again from the start.
   */
  transaction<T>(steps: (transaction: Database) => Promise<T>): Promise<T>;
  /** Lets only one transaction of all servers go on from here, until it ends. `subject` names what they compete for. */
  alone(transaction: Database, subject: string): Promise<void>;
  /** Rows as lists of their columns: of a hundred thousand rows, objects take twice the time. Not in a transaction. */
  lists(query: Compilable): Promise<readonly (readonly unknown[])[]>;
  /** A column of text or numbers as JSON. */
  json(column: RawBuilder<unknown>): RawBuilder<string>;
  /** The texts of a group, with a comma between two. */
  joined(text: RawBuilder<string>): RawBuilder<string>;
  /** Whether there is such a table. */
  hasTable(name: string): Promise<boolean>;
  /** Ends a SELECT in a transaction whose row nobody else may change before the transaction ends. */
  readonly locked: RawBuilder<unknown>;
  /** Ends a CREATE TABLE whose rows should lie in the order of the primary key. */
  readonly clustered: RawBuilder<unknown>;
  /** A condition of one bound value, however many ids there are: a statement of a thousand is long to write. */
  amongIds(column: RawBuilder<unknown>, ids: readonly string[]): Expression<SqlBool>;
  /** Text in the order of its code points, whatever language the database speaks. */
  byCodePoint(text: RawBuilder<unknown>): RawBuilder<unknown>;
  /** `%` stands for any text, `_` for one character; capitals count. */
  like(column: RawBuilder<string>, pattern: string): Expression<SqlBool>;
  /** As `like`, but capitals do not count. */
  ilike(column: RawBuilder<string>, pattern: string): Expression<SqlBool>;
}
