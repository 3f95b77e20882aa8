/** A model is trained on one machine and served by another: they share a database and a bucket, and no folder. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { z } from "zod";
import { s3Credentials, startS3 } from "../src/storage/testing/bucket-servers.ts";
import { startPostgres } from "../src/tracking/testing/postgres-cluster.ts";

const folder = await mkdtemp(join(tmpdir(), "havn-shared-"));
const [postgres, bucketServer] = await Promise.all([startPostgres(), startS3()]);
afterAll(async () => {
  await Promise.all([postgres?.stop(), bucketServer?.stop()]);
  await rm(folder, { recursive: true, force: true });
});

const program = fileURLToPath(new URL("../bin/havn.js", import.meta.url));

test.skipIf(!postgres || !bucketServer)("train here, serve there", async () => {
  const env = {
    ...process.env,
    HAVN_DATABASE_URL: await postgres!.newDatabase(),
    HAVN_STORE: `s3://${await bucketServer!.newBucket()}/team`,
    AWS_ENDPOINT_URL_S3: bucketServer!.url,
    AWS_ACCESS_KEY_ID: s3Credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3Credentials.secretAccessKey,
  };
  const trains = join(folder, "trains");
  const words = ["run", "movie-reviews", "data.limit=60", "training.epochs=1", "--home", trains, "--json"];
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...words], { env });
  expect(JSON.parse(stdout)).toMatchObject({ status: "finished", version: 1, promoted: true });
  expect(await readdir(trains)).not.toContain("havn.db");

  const serve = ["serve", "movie-reviews", "--port", "0", "--home", join(folder, "serves"), "--json"];
  const server = spawn(process.execPath, [program, ...serve], { env, stdio: ["ignore", "pipe", "ignore"] });
  const exit = once(server, "exit");
  try {
    const lines = createInterface({ input: server.stdout as Readable });
    const { value } = await lines[Symbol.asyncIterator]().next();
    const { url } = z.object({ url: z.string() }).parse(JSON.parse(String(value)));
    const response = await fetch(`${url}/inference`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ statement: "a great film" }),
    });
    expect(await response.json()).toEqual({ sentiment: expect.any(Number) });
  } finally {
    server.kill();
    await exit;
  }
});
