import { afterAll, describe, expect, test } from "vitest";
import { openGcsStore } from "./gcs-store.ts";
import { describeObjectStore } from "./object-store.contract.ts";
import { startGcs } from "./testing/bucket-servers.ts";

const server = await startGcs();
afterAll(() => server?.stop());

const open = async (prefix = "") =>
  openGcsStore(await server!.newBucket(), { prefix, emulator: server!.url });

describe.skipIf(!server)("with a server", () => {
  describeObjectStore("Google Cloud Storage", () => open());
  describeObjectStore("Google Cloud Storage below a prefix", () => open("team/runs"));

  test("an upload of many chunks arrives whole, one that breaks off not at all", async () => {
    const store = await open();
    const piece = new Uint8Array(1024 * 1024).fill(7);
    async function* pieces(count: number, failure?: Error) {
      for (let i = 0; i < count; i++) yield piece.slice();
      if (failure) throw failure;
    }
    expect(await store.put("large", pieces(30))).toMatchObject({ sizeBytes: 30 * piece.length });
    const broken = store.put("broken", pieces(20, new Error("connection reset")));
    await expect(broken).rejects.toMatchObject({ code: "broken-source", object: "broken" });
    expect((await store.list()).map(({ name }) => name)).toEqual(["large"]);
  });

  test("the address that the emulator's variable holds is understood", async () => {
    const bucket = await server!.newBucket();
    const emulator = server!.url.slice("http://".length);
    const store = await openGcsStore(bucket, { prefix: "", emulator });
    await store.put("a", new Uint8Array([1, 2]));
    expect((await store.list()).map(({ name }) => name)).toEqual(["a"]);
  });
});
