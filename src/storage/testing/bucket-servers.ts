// Servers that speak the protocols of S3 and of Google Cloud Storage on this machine: real ones, made by others.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../http/index.ts";

export interface BucketServer {
  readonly url: string;
  /** Makes an empty bucket. */
  newBucket(): Promise<string>;
  stop(): Promise<void>;
}

const keys = { access: "havn-tests", secret: "havn-tests-secret" };

/** The settings with which clients reach the S3 server. */
export const s3Credentials = { accessKeyId: keys.access, secretAccessKey: keys.secret };

/** versitygw over a folder; `undefined`, said aloud, where it is not installed. */
export async function startS3(): Promise<BucketServer | undefined> {
  const program = find("versitygw", "github.com/versity/versitygw/cmd/versitygw@v1.8.0", "S3");
  if (!program) return undefined;
  return start(program, (port, folder) => [
    ...["--access", keys.access, "--secret", keys.secret, "--port", `127.0.0.1:${port}`],
    ...["posix", path.join(folder, "data")],
  ]);
}

/** fake-gcs-server in memory; `undefined`, said aloud, where it is not installed. */
export async function startGcs(): Promise<BucketServer | undefined> {
  const program = find(
    "fake-gcs-server",
    "github.com/fsouza/fake-gcs-server@v1.56.1",
    "Google Cloud Storage",
  );
  if (!program) return undefined;
  const server = await start(program, (port) => [
    ...["-scheme", "http", "-host", "127.0.0.1", "-port", String(port)],
    ...["-public-host", `127.0.0.1:${port}`, "-backend", "memory"],
  ]);
  return {
    ...server,
    async newBucket() {
      const name = await server.newBucket();
      const headers = { "content-type": "application/json" };
      const body = JSON.stringify({ name });
      await fetch(`${server.url}/storage/v1/b?project=tests`, { method: "POST", headers, body });
      return name;
    },
  };
}

function find(program: string, source: string, protocol: string): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(path.delimiter), path.join(homedir(), "go", "bin")];
  const found = folders.map((folder) => path.join(folder, program)).find((file) => existsSync(file));
  if (!found)
    console.warn(
      `SKIPPED: tests on ${protocol}; there is no ${program} here (go install ${source}, two minutes)`,
    );
  return found;
}

async function start(
  program: string,
  words: (port: number, folder: string) => readonly string[],
): Promise<BucketServer> {
  const folder = await mkdtemp(path.join(tmpdir(), "havn-bucket-"));
  await mkdir(path.join(folder, "data"));
  const port = await freePort();
  const server = spawn(program, words(port, folder), { stdio: "ignore", cwd: folder });
  const url = `http://127.0.0.1:${port}`;
  await untilReady(url, server);
  let buckets = 0;
  return {
    url,
    async newBucket() {
      // versitygw keeps a bucket as a folder of that name.
      const name = `bucket-${buckets++}`;
      await mkdir(path.join(folder, "data", name));
      return name;
    },
    async stop() {
      const exit = once(server, "exit");
      server.kill("SIGKILL");
      await exit;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function untilReady(url: string, server: ChildProcess): Promise<void> {
  while (server.exitCode === null) {
    const isReady = await fetch(url).then(
      (response) => response.body?.cancel().then(() => true) ?? true,
      () => false,
    );
    if (isReady) return;
    await delay(20);
  }
  throw new Error(`the server ended at once, with ${server.exitCode}`);
}
