// Connections to a Postgres that may end and come back, as kysely wants them.
import type { PostgresJSReservedSql, PostgresJSSql } from "kysely-postgres-js";
import type { Sql } from "postgres";

export type Client = Sql<{ bigint: number }>;

export interface Connections extends PostgresJSSql {
  /** The rows of one query as lists. */
  lists(query: string, parameters: (string | number | null)[]): Promise<unknown[][]>;
}

/** A client with those who wait for a connection of it. */
interface Pool {
  readonly client: Client;
  readonly waiting: Set<(error: unknown) => void>;
}

/** How long what still runs on the connections of a client that is given up may take. */
const lastSeconds = 5;

/**
 * Connections of a client of postgres.js; where one was lost, those of a new client from then on. In version 3.4, what is
 * said on a connection that was closed ends the whole process (porsager/postgres#1154), and one that could not be made is
 * never free again. So of a lost connection nothing more is asked: not the `rollback` that kysely would say, since its
 * transaction has gone with it, and it is not given back.
 *
 * @param explain what an error is thrown as
 */
export function connectionsOf(open: () => Client, explain: (error: unknown) => unknown): Connections {
  const newPool = (): Pool => ({ client: open(), waiting: new Set() });
  let pool = newPool();

  function failure(of: Pool, error: unknown): unknown {
    if (isLost(error)) {
      for (const giveUp of of.waiting) giveUp(error);
      if (pool === of) {
        pool = newPool();
        of.client.end({ timeout: lastSeconds }).catch(() => {});
      }
    }
    return explain(error);
  }

  return {
    options: {},
    end: (options) => pool.client.end(options),
    async lists(query, parameters) {
      const from = pool;
      try {
        return await from.client.unsafe(query, parameters, { prepare: true }).values();
      } catch (error) {
        throw failure(from, error);
      }
    },
    async reserve() {
      const from = pool;
      const connection = await new Promise<Awaited<ReturnType<Client["reserve"]>>>((resolve, reject) => {
        from.waiting.add(reject);
        const isDecided = () => from.waiting.delete(reject);
        from.client.reserve().then(resolve, reject).finally(isDecided);
      }).catch((error: unknown) => {
        throw failure(from, error);
      });
      let lost: unknown;
      const reserved: PostgresJSReservedSql = {
        unsafe(query, parameters, options) {
          if (lost !== undefined) return query === "rollback" ? rolledBack() : refused(lost);
          const running = connection.unsafe(query, parameters, options);
          const answer = running.catch((error: unknown) => {
            const thrown = failure(from, error);
            if (isLost(error)) lost = thrown;
            throw thrown;
          });
          return Object.assign(answer, { cancel: () => running.cancel() });
        },
        release: () => {
          if (lost === undefined) connection.release();
        },
      };
      return reserved;
    },
  };
}

const nothingToCancel = { cancel: () => {} };
const rolledBack = () =>
  Object.assign(Promise.resolve(Object.assign([], { command: "ROLLBACK", count: 0 })), nothingToCancel);
const refused = (error: unknown) => Object.assign(Promise.reject(error), nothingToCancel);

/**
 * Whether an error says that there is no connection any more: in words of postgres.js, of Node, or of a server that is
 * shutting down or starting (Postgres manual, appendix A, classes 08 and 57P).
 */
export function isLost(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return /^(CONNECTION_|CONNECT_TIMEOUT|ECONN|EPIPE|ETIMEDOUT|08|57P0)/.test(code);
}
