import { describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { ApiError } from "./api-error.ts";
import { request } from "./request.ts";

const schema = z.object({ name: z.string() });

const answering =
  (response: Response): typeof fetch =>
  async () =>
    response;

async function failureOf(response: Response): Promise<ApiError> {
  const error = await request("api/thing", schema, { fetch: answering(response) }).catch((error) => error);
  expect(error).toBeInstanceOf(ApiError);
  return error;
}

describe("request", () => {
  it("gives what the schema allows", async () => {
    const fetch = answering(Response.json({ name: "small", more: 1 }));
    expect(await request("api/thing", schema, { fetch })).toEqual({ name: "small" });
  });

  it("writes the query behind the path, and a body as JSON", async () => {
    const seen: unknown[] = [];
    const fetch: typeof globalThis.fetch = async (url, init) => {
      seen.push(url, init?.method, init?.body);
      return Response.json({ name: "x" });
    };
    await request("api/thing", schema, { fetch, query: { key: "a b&c" } });
    await request("api/thing", schema, { fetch, body: { a: 1 } });
    expect(seen).toEqual(["api/thing?key=a+b%26c", undefined, undefined, "api/thing", "POST", '{"a":1}']);
  });

  it("passes on the words of a service, and when to come back", async () => {
    const error = await failureOf(
      Response.json(
        { error: { code: "busy", message: "128 requests wait already" } },
        { status: 503, headers: { "retry-after": "2" } },
      ),
    );
    expect(error).toMatchObject({
      message: "128 requests wait already",
      code: "busy",
      status: 503,
      retryAfterSeconds: 2,
      isPassing: true,
    });
  });

  it("passes on the words of the tracking API", async () => {
    const error = await failureOf(
      Response.json(
        { error_code: "INVALID_PARAMETER_VALUE", message: "filter: expected =" },
        { status: 400 },
      ),
    );
    expect(error).toMatchObject({ message: "filter: expected =", isPassing: false });
    expect(error.retryAfterSeconds).toBeUndefined();
  });

  it("says status and path where the server has no words", async () => {
    const error = await failureOf(
      new Response("<h1>Bad gateway</h1>", { status: 502, statusText: "Bad Gateway" }),
    );
    expect(error.message).toBe("api/thing answered 502 Bad Gateway");
  });

  it("names the field of an answer that it cannot read", async () => {
    expect((await failureOf(Response.json({ name: 3 }))).message).toMatch(/unexpected name/);
    expect((await failureOf(new Response("<!doctype html>"))).message).toMatch(/unexpected answer/);
  });

  it("asks whether the server runs when nobody answers", async () => {
    const fetch = async () => {
      throw new TypeError("fetch failed");
    };
    await expect(request("api/thing", schema, { fetch })).rejects.toThrow(/npx havn up/);
  });

  it("lets an abort through as it is", async () => {
    const controller = new AbortController();
    controller.abort();
    await expect(request("http://127.0.0.1:9/", schema, { signal: controller.signal })).rejects.toMatchObject(
      {
        name: "AbortError",
      },
    );
  });
});
