import { ListMultipartUploadsCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, describe, expect, test } from "vitest";
import { describeObjectStore } from "./object-store.contract.ts";
import { openS3Store } from "./s3-store.ts";
import { s3Credentials, startS3 } from "./testing/bucket-servers.ts";

const server = await startS3();
afterAll(() => server?.stop());

const config = {
  ...{ endpoint: server?.url ?? "", forcePathStyle: true, region: "us-east-1", credentials: s3Credentials },
};
const open = async (prefix = "") => openS3Store(await server!.newBucket(), { prefix, config });

describe.skipIf(!server)("with a server", () => {
  describeObjectStore("S3", () => open());
  describeObjectStore("S3 below a prefix", () => open("team/runs"));

  test("an upload of many parts keeps to its memory, and leaves no part when it breaks off", async () => {
    const bucket = await server!.newBucket();
    const store = await openS3Store(bucket, { prefix: "", config });
    const piece = new Uint8Array(1024 * 1024).fill(7);
    let made = 0;
    let most = 0;
    async function* pieces(count: number, failure?: Error) {
      for (let i = 0; i < count; i++, made++) {
        most = Math.max(most, process.memoryUsage().arrayBuffers);
        yield piece.slice();
      }
      if (failure) throw failure;
    }
    const before = process.memoryUsage().arrayBuffers;
    expect(await store.put("large", pieces(150))).toMatchObject({ sizeBytes: 150 * piece.length });
    expect(most - before).toBeLessThan(100 * piece.length);
    const broken = store.put("broken", pieces(40, new Error("connection reset")));
    await expect(broken).rejects.toMatchObject({ code: "broken-source", object: "broken" });
    expect((await store.list()).map(({ name }) => name)).toEqual(["large"]);
    const { Uploads = [] } = await new S3Client(config).send(
      new ListMultipartUploadsCommand({ Bucket: bucket }),
    );
    expect(Uploads).toEqual([]);
    expect(made).toBe(190);
  });

  test("more objects than one answer holds are all listed", async () => {
    const store = await open();
    const names = Array.from({ length: 1100 }, (_, i) => `many/${String(i).padStart(4, "0")}`);
    for (let start = 0; start < names.length; start += 100)
      await Promise.all(names.slice(start, start + 100).map((name) => store.put(name, new Uint8Array([1]))));
    expect((await store.list("many/")).map(({ name }) => name)).toEqual(names);
  });

  test("what is wrong is said without what is secret", async () => {
    const store = await openS3Store("no-such-bucket", { prefix: "", config });
    const refused = await store.put("a", new Uint8Array([1])).catch((error: unknown) => error);
    expect(refused).toMatchObject({ name: "StorageError" });
    expect(String(refused)).not.toContain(s3Credentials.secretAccessKey);
    expect(String(refused)).toContain("s3://no-such-bucket");
  });
});
