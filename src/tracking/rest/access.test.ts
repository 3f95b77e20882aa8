import { describe, expect, test } from "vitest";
import { tokenAccess } from "./access.ts";
import { givenRoutes } from "./given-routes.ts";

const token = "s3cret-token";
const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
const asks = (authorization?: string, path = "/x") =>
  new Request(`http://127.0.0.1${path}`, authorization === undefined ? {} : { headers: { authorization } });

describe("tokenAccess", () => {
  test.each([
    [`Bearer ${token}`, true],
    [`bearer ${token}`, true],
    [basic(`anybody:${token}`), true],
    [basic(`${token}:`), true],
    [undefined, false],
    ["Bearer", false],
    ["Bearer ", false],
    [`Bearer ${token}x`, false],
    [`Bearer ${token.slice(1)}`, false],
    [token, false],
    [basic("anybody:other"), false],
    [`Digest ${token}`, false],
    ["Basic ???", false],
  ])("a write that bears %j", (authorization, isLetIn) => {
    expect(tokenAccess({ token }).refusal(asks(authorization), "write") === undefined).toBe(isLetIn);
  });

  test("reads are open unless the server is private, writes too where there is no token", () => {
    expect(tokenAccess({ token }).refusal(asks(), "read")).toBeUndefined();
    expect(tokenAccess({ token, isPrivate: true }).refusal(asks(), "read")?.status).toBe(401);
    expect(tokenAccess({}).refusal(asks(), "write")).toBeUndefined();
  });

  test("a refusal says what to do, in the protocol's words and the browser's, and not the token", async () => {
    const response = tokenAccess({ token }).refusal(asks("Bearer wrong"), "write")!;
    expect([response.status, response.headers.get("www-authenticate")]).toEqual([
      401,
      'Bearer realm="Havn", Basic realm="Havn: the password is the token", charset="UTF-8"',
    ]);
    const body = await response.text();
    expect(JSON.parse(body)).toEqual({
      error_code: "UNAUTHENTICATED",
      message: expect.stringContaining("set MLFLOW_TRACKING_TOKEN"),
    });
    expect(body).not.toContain(token);
  });

  test("a signed path is read for an hour, that path alone, and never written", () => {
    let time = 1_000_000;
    const access = tokenAccess({ token, isPrivate: true }, () => time);
    const signed = access.signed("/files/a%20b");
    const reads = (path: string) => access.refusal(asks(undefined, path), "read") === undefined;
    expect(reads(signed)).toBe(true);
    expect(access.refusal(asks(undefined, signed), "write")?.status).toBe(401);
    expect(reads(signed.replace("a%20b", "other"))).toBe(false);
    expect(reads(signed.replace(/expires=\d+/, "expires=99999999"))).toBe(false);
    expect(
      tokenAccess({ token: "other", isPrivate: true }).refusal(asks(undefined, signed), "read"),
    ).toBeDefined();
    time += 3_601_000;
    expect(reads(signed)).toBe(false);
    expect(tokenAccess({ token }).signed("/files/a")).toBe("/files/a");
  });
});

describe("routes", () => {
  const open = givenRoutes({ access: tokenAccess({ token }) });
  const closed = givenRoutes({ access: tokenAccess({ token, isPrivate: true }) });
  const send = (given: typeof open, method: string, path: string, headers: Record<string, string> = {}) =>
    given.app.request(`/api/2.0/${path}`, {
      method,
      headers: { "content-type": "application/json", ...headers },
      ...(method !== "GET" && { body: "{}" }),
    });
  const status = async (...args: Parameters<typeof send>) => (await send(...args)).status;

  test.each([
    ["POST", "mlflow/experiments/create", 401],
    ["POST", "mlflow/runs/log-batch", 401],
    ["DELETE", "mlflow/registered-models/delete", 401],
    ["PATCH", "mlflow/logged-models/m-1", 401],
    ["PUT", "mlflow-artifacts/artifacts/a", 401],
    ["DELETE", "mlflow-artifacts/artifacts/a", 401],
    ["POST", "mlflow-artifacts/mpu/create/a", 401],
    ["GET", "mlflow/experiments/search", 200],
    ["POST", "mlflow/experiments/search", 200],
    ["POST", "mlflow/runs/search", 200],
    ["GET", "mlflow-artifacts/artifacts/none", 404],
  ])("%s %s without the token", async (method, path, expected) => {
    expect(await status(open, method, path)).toBe(expected);
    expect(await status(closed, method, path)).toBe(401);
    expect(await status(closed, method, path, { authorization: `Bearer ${token}` })).not.toBe(401);
  });
});
