// A Postgres of the tests' own: a cluster in a temporary folder, on a free port, gone when they end.
import { execFile } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import postgres from "postgres";
import { freePort } from "../../http/index.ts";

const run = promisify(execFile);

export interface PostgresCluster {
  /** The URL of an empty schema, which looks to a store like a database of its own. */
  newDatabase(): Promise<string>;
  /** The URL of the cluster, for the schema that everybody sees first. */
  readonly url: string;
  /** Ends all sessions and processes at once, as a machine that dies does, and starts it again. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a cluster; `undefined`, said aloud, where Postgres is not installed. */
export async function startPostgres(): Promise<PostgresCluster | undefined> {
  const bin = binaries();
  if (!bin) {
    console.warn("SKIPPED: tests on Postgres; there is no initdb here (Debian: apt install postgresql)");
    return undefined;
  }
  const folder = await mkdtemp(path.join(tmpdir(), "havn-postgres-"));
  const port = await freePort();
  const asUser = await otherUser(folder);
  const call = (program: string, ...words: string[]) => {
    const [command, ...rest] = [...asUser, path.join(bin, program), ...words];
    // Its working folder must be one that the other user may enter.
    return run(command!, rest, { cwd: folder });
  };
  const data = path.join(folder, "data");
  const options = `-p ${port} -k ${folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=300`;
  const start = () =>
    call("pg_ctl", "-D", data, "-w", "-l", path.join(folder, "log"), "-o", options, "start");
  // A locale in which "a" and "B" stand in another order than their code points.
  const locale = ["--encoding=UTF8", "--locale-provider=icu", "--icu-locale=en-US", "--locale=C.UTF-8"];
  await call("initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync", ...locale);
  await start();
  const url = `postgres://postgres:secret@127.0.0.1:${port}/postgres`;
  const admin = postgres(url, { max: 1, onnotice: () => {} });
  let schemas = 0;
  return {
    url,
    async newDatabase() {
      const name = `test_${schemas++}`;
      await admin`create schema ${admin(name)}`;
      return `${url}?search_path=${name}`;
    },
    async crash() {
      await call("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop");
      await start();
    },
    async stop() {
      await admin.end();
      await call("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The folder of `initdb` and `pg_ctl`: Debian keeps them out of the PATH, one folder a version. */
function binaries(): string | undefined {
  const versions = globSync("/usr/lib/postgresql/*/bin").sort((a, b) => version(b) - version(a));
  const folders = [...versions, ...(process.env.PATH ?? "").split(path.delimiter)];
  return folders.find((folder) => existsSync(path.join(folder, "initdb")));
}

const version = (folder: string) => Number(/(\d+)\/bin$/.exec(folder)?.[1] ?? 0);

/** Postgres refuses to run as root: words before a command that run it as somebody else, whose folder this becomes. */
async function otherUser(folder: string): Promise<string[]> {
  if (process.getuid?.() !== 0) return [];
  const [uid, gid] = await Promise.all(["-u", "-g"].map((what) => idOf(what, ["postgres", "nobody"])));
  await chown(folder, Number(uid), Number(gid));
  return ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups"];
}

async function idOf(what: string, [name, ...others]: readonly string[]): Promise<string> {
  try {
    return (await run("id", [what, name!])).stdout.trim();
  } catch (error) {
    if (others.length === 0) throw error;
    return idOf(what, others);
  }
}
