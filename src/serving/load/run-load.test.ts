import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { loadPage, runLoad } from "./index.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A service on a free port, its answer to the so-manieth request. */
async function service(answer: (index: number, body: string) => { status?: number; body: string }) {
  let index = 0;
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const { status = 200, body: answered } = answer(index++, body);
    response.writeHead(status, status === 503 ? { "retry-after": "0" } : {}).end(answered);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const post = (text: string) => ({
  method: "POST" as const,
  path: "/echo",
  headers: { "content-type": "application/json" },
  body: new TextEncoder().encode(JSON.stringify({ text })),
});

test("users ask in turn, and every answer is counted", async () => {
  const seen = new Set<string>();
  const url = await service((_, body) => {
    seen.add(body);
    return { body };
  });
  const report = await runLoad({ url, requests: [post("a"), post("b")], users: 4, durationSeconds: 0.3 });
  expect(seen).toEqual(new Set(['{"text":"a"}', '{"text":"b"}']));
  expect(report.answered).toBe(report.requests);
  expect(report.answered).toBeGreaterThan(8);
  expect(report).toMatchObject({ refused: 0, failed: {}, errors: {} });
  expect(report.latency.p50).toBeLessThanOrEqual(report.latency.max);
});

test("refusals, failures and wrong answers are told apart", async () => {
  const url = await service((index) => {
    if (index === 0) return { body: '{"score":0.5}' };
    return [
      { body: '{"score":0.500001}' },
      { body: '{"score":0.6}' },
      { status: 503, body: "" },
      { status: 500, body: "" },
    ][index % 4]!;
  });
  const report = await runLoad({
    ...{ url, requests: [post("a")], users: 2, durationSeconds: 0.5 },
    check: { tolerance: 1e-4 },
  });
  expect(report.refused).toBeGreaterThan(0);
  expect(report.failed["500"]).toBeGreaterThan(0);
  expect(report.wrong).toBeGreaterThan(0);
  expect(report.wrong).toBeLessThan(report.answered);
});

test("at a rate, waiting for a connection counts as latency", async () => {
  let release = () => {};
  const stalled = new Promise<void>((resolve) => {
    release = resolve;
  });
  const server = createServer(async (request, response) => {
    request.resume();
    if (request.url === "/stall") await stalled;
    response.end("{}");
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const get = (path: string) => ({ method: "GET" as const, path, headers: {} });
  setTimeout(release, 400);
  const requests = [get("/"), get("/stall"), ...Array.from({ length: 50 }, () => get("/"))];
  const report = await runLoad({ url, requests, users: 1, rate: 50, durationSeconds: 0.6 });
  // A client that waits for its answer before it asks again would have had one slow answer only.
  expect(report.latency.p50).toBeGreaterThan(50);
  expect(report.requests).toBeGreaterThan(20);
});

test("a service that stalls until the end is charged for those that could not be sent", async () => {
  let isFirst = true;
  const server = createServer((request, response) => {
    request.resume();
    if (isFirst) response.end("{}");
    else setTimeout(() => response.end("{}"), 400);
    isFirst = false;
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const report = await runLoad({ url, requests: [post("a")], users: 2, rate: 100, durationSeconds: 0.3 });
  expect(report.requests + report.unsent!).toBe(30);
  expect(report.unsent).toBeGreaterThan(20);
});

test("a service that is not there is said so", async () => {
  const load = runLoad({ url: "http://127.0.0.1:9", requests: [post("a")], users: 1, durationSeconds: 1 });
  await expect(load).rejects.toThrow(
    /http:\/\/127\.0\.0\.1:9 cannot be reached: .*ECONNREFUSED.*Is the service running\?/,
  );
});

test("the page shows what was measured, as text", async () => {
  const url = await service(() => ({ body: "{}" }));
  const report = await runLoad({ url, requests: [post("a")], users: 1, durationSeconds: 0.1 });
  const page = loadPage({ ...report, errors: { "<b>": 1 } }, "Load & more");
  expect(page).toContain("<title>Load &amp; more</title>");
  expect(page).toContain("1 x &lt;b&gt;");
  expect(page).not.toContain("<b>");
});
