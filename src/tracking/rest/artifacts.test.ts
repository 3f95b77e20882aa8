import { describe, expect, test } from "vitest";
import { givenRoutes, ok, refused } from "./given-routes.ts";

const given = givenRoutes();

describe("artifacts", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const download = (query: Record<string, string>) =>
    given.app.request(`/get-artifact?${new URLSearchParams(query)}`);

  test("are listed one level at a time", async () => {
    const run_id = await given.newRun();
    for (const name of ["model/config.json", "model/onnx/model.onnx", "wrong.csv"])
      await given.store.artifacts(run_id).put(name, bytes(name));
    const root_uri = `mlflow-artifacts:/${run_id}`;
    const top = [
      { path: "model", is_dir: true },
      { path: "wrong.csv", is_dir: false, file_size: 9 },
    ];
    const inside = [
      { path: "model/config.json", is_dir: false, file_size: 17 },
      { path: "model/onnx", is_dir: true },
    ];
    expect(await given.get("artifacts/list", { run_id })).toEqual(ok({ root_uri, files: top }));
    expect(await given.get("artifacts/list", { run_id, path: "model" })).toEqual(
      ok({ root_uri, files: inside }),
    );
    expect(await given.get("artifacts/list", { run_id, path: "model/" })).toEqual(
      ok({ root_uri, files: inside }),
    );
    expect(await given.get("artifacts/list", { run_id, path: "nowhere" })).toEqual(
      ok({ root_uri, files: [] }),
    );
    expect(await given.get("artifacts/list", { run_id, path: "../" })).toEqual(
      refused(400, "INVALID_PARAMETER_VALUE", '".."'),
    );
  });

  test("are saved by a browser, never shown", async () => {
    const run_uuid = await given.newRun();
    await given.store.artifacts(run_uuid).put("pages/sætning (1).html", bytes("<script>alert(1)</script>"));
    const response = await download({ run_uuid, path: "pages/sætning (1).html" });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("<script>alert(1)</script>");
    expect(Object.fromEntries(response.headers)).toEqual({
      "content-type": "application/octet-stream",
      "content-length": "25",
      "content-disposition": "attachment; filename*=UTF-8''s%C3%A6tning%20%281%29.html",
      "x-content-type-options": "nosniff",
      "content-security-policy": "sandbox",
      "accept-ranges": "bytes",
    });
  });

  test.each(["../../havn.db", "..%2f..%2fhavn.db", "/etc/passwd", "model/../../x", "a\\b", "a\0b"])(
    "the path %j leads nowhere",
    async (path) => {
      const run_uuid = await given.newRun();
      const response = await download({ run_uuid, path });
      expect([400, 404]).toContain(response.status);
      expect(await response.json()).toMatchObject({
        error_code: expect.stringMatching(/^(INVALID_PARAMETER_VALUE|RESOURCE_DOES_NOT_EXIST)$/),
      });
    },
  );

  test("what is missing is named", async () => {
    const run_uuid = await given.newRun();
    const response = await download({ run_uuid, path: "model.onnx" });
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      error_code: "RESOURCE_DOES_NOT_EXIST",
      message: `run ${run_uuid} has no artifact "model.onnx"`,
    });
    expect((await download({ path: "x" })).status).toBe(400);
  });
});
