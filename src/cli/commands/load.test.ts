import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../../http/index.ts";
import { havn } from "../testing/havn-process.ts";

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const briefly = ["--users", "2", "--duration", "0.2", "--warm-up", "0", "--json"];

test("the URL of a project's service is asked about the project's test rows, below a prefix too", async () => {
  const bodies = new Set<string>();
  const url = await serve(async (request, response) => {
    if (request.url === "/projects/movie-reviews/v2")
      return void response.end('{"name":"movie-reviews","version":"1","extensions":[]}');
    bodies.add(`${request.method} ${request.url} ${await text(request)}`);
    response.end("{}");
  });
  const { code, stdout } = await havn(["load", `${url}/projects/movie-reviews`, ...briefly]);
  expect({ code, report: JSON.parse(stdout) }).toMatchObject({ code: 0, report: { failures: [] } });
  for (const body of bodies)
    expect(body).toMatch(/^POST \/projects\/movie-reviews\/inference {"statement":"/);
  expect(bodies.size).toBeGreaterThan(1);
});

test("where nothing serves the project, the command that does is named", async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const { code, stderr } = await havn(["load", "movie-reviews", "--url", url, ...briefly]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/cannot be reached \(.*ECONNREFUSED/);
  expect(stderr).toContain(`npx havn serve movie-reviews --port ${port}\n`);
});

test("any other URL is asked as it is; a threshold and a rate that are missed make the load fail", async () => {
  const folder = await mkdtemp(join(tmpdir(), "havn-load-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const url = await serve((request, response) => {
    if (request.url !== "/slow?a=1") response.writeHead(404).end("{}");
    else setTimeout(() => response.end("{}"), 60);
  });
  const page = join(folder, "load.html");
  const options = ["--open", "200", "--p99", "20", "--report", page];
  const { code, stdout } = await havn(["load", `${url}/slow?a=1`, ...briefly, ...options]);
  const { failures } = JSON.parse(stdout);
  expect(code).toBe(1);
  expect(failures).toEqual([
    expect.stringMatching(/^failed: p99 must be at most 20 ms, it is \d+ ms$/),
    "failed: it did not keep up with the rate; with more --users more may be under way at once",
  ]);
  for (const failure of failures) expect(await readFile(page, "utf8")).toContain(failure);
});
