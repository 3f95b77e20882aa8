import { tmpdir } from "node:os";
import { posix } from "node:path";
import { describe, expect, test } from "vitest";
import { givenRoutes, ok, refused } from "./given-routes.ts";

const given = givenRoutes();
const prefix = "/api/2.0/mlflow-artifacts/mpu";
/** The client names the file as it lies on its own machine. */
const clientPath = posix.join(tmpdir(), "big file.bin");

async function post(action: string, body: unknown) {
  const headers = { "content-type": "application/json" };
  const response = await given.app.request(`${prefix}/${action}`, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

interface Upload {
  readonly upload_id: string;
  readonly credentials: { readonly url: string; readonly part_number: number }[];
}

const begin = async (parts = 3) =>
  (await post("create/run/model", { path: clientPath, num_parts: parts })).body as Upload;

const putPart = async ({ url }: Upload["credentials"][number], text: string) => {
  const response = await given.app.request(url, { method: "PUT", body: text });
  return { status: response.status, etag: response.headers.get("etag") };
};

const names = async () => (await given.store.files.list()).map(({ name }) => name);

describe("uploads in parts", () => {
  test("become one file when the last part is there, in whatever order they came", async () => {
    const upload = await begin();
    const parts = [];
    for (const credential of upload.credentials.toReversed()) {
      const { etag } = await putPart(credential, `part ${credential.part_number};`);
      parts.push({ part_number: credential.part_number, etag });
    }
    expect(await (await given.app.request("/api/2.0/mlflow-artifacts/artifacts?path=")).json()).toEqual({
      files: [],
    });
    const complete = { path: clientPath, upload_id: upload.upload_id, parts };
    expect(await post("complete/run/model", complete)).toEqual(ok({}));
    expect(await names()).toEqual(["run/model/big file.bin"]);
    const bytes = await given.store.files.read("run/model/big file.bin");
    expect(new TextDecoder().decode(bytes)).toBe("part 1;part 2;part 3;");
    expect(await post("complete/run/model", complete)).toEqual(
      refused(404, "RESOURCE_DOES_NOT_EXIST", upload.upload_id),
    );
  });

  test("that are given up leave nothing, and accept no more", async () => {
    const upload = await begin();
    await putPart(upload.credentials[0]!, "x");
    const abort = { path: clientPath, upload_id: upload.upload_id };
    expect(await post("abort/run/model", abort)).toEqual(ok({}));
    expect(await names()).toEqual([]);
    expect((await putPart(upload.credentials[1]!, "y")).status).toBe(404);
    expect(await names()).toEqual([]);
  });

  test("what is missing, changed or elsewhere is refused, and the parts stay", async () => {
    const upload = await begin(2);
    const first = await putPart(upload.credentials[0]!, "one");
    const path = clientPath;
    const complete = (parts: unknown, at = "run/model") =>
      post(`complete/${at}`, { path, upload_id: upload.upload_id, parts });
    const one = { part_number: 1, etag: first.etag };
    const missing = refused(400, "INVALID_PARAMETER_VALUE", "part 2 of upload");
    expect(await complete([one, { part_number: 2, etag: "x" }])).toEqual(missing);
    expect(await complete([{ ...one, etag: '"1-99"' }])).toEqual(
      refused(400, "INVALID_PARAMETER_VALUE", "part 1 of upload"),
    );
    expect(await complete([])).toEqual(refused(400, "INVALID_PARAMETER_VALUE", "'parts'"));
    expect(await complete([one], "other/model")).toEqual(
      refused(404, "RESOURCE_DOES_NOT_EXIST", "to this path"),
    );
    expect(await complete([one])).toEqual(ok({}));
  });

  test.each([
    ["create/..%2f..%2fx", { path: "a", num_parts: 1 }],
    ["create/run", { path: "a", num_parts: 0 }],
    ["create/run", { path: "a", num_parts: 10_001 }],
    ["create/run", { path: "..", num_parts: 1 }],
    ["create/.uploads/x", { path: "a", num_parts: 1 }],
    ["create/run", { num_parts: 1 }],
    ["complete/run", { path: "a", upload_id: "../x", parts: [] }],
    ["abort/run", { path: "a", upload_id: ".." }],
  ])("POST %s %j is refused", async (action, body) => {
    expect(await post(action, body)).toMatchObject({ status: 400 });
    expect(await names()).toEqual([]);
  });

  test("a part of no upload is refused", async () => {
    const unknown = { part_number: 1, url: `${prefix}/part/3a5a0f2e-6f0c-4d9c-a4f5-5f2f4f6f6f6f/1` };
    expect((await putPart(unknown, "x")).status).toBe(404);
    expect((await putPart({ ...unknown, url: `${prefix}/part/..%2f..%2fx/1` }, "x")).status).toBe(400);
  });
});
