import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectService, servedProject } from "./served-project.ts";

const server = createServer((request, response) => {
  if (request.url === "/v2" || request.url === "/projects/films/v2")
    response.end('{"name":"films","version":"1","extensions":[]}');
  else response.writeHead(404).end("{}");
});
let url: string;
beforeAll(async () => {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

test("a service says whose it is, at the root and below a prefix; other servers do not", async () => {
  for (const at of [url, `${url}/`, `${url}/projects/films`, `${url}/projects/films/`])
    expect(await servedProject(at)).toBe("films");
  expect(await servedProject(`${url}/elsewhere`)).toBeUndefined();
  await expectService("films", url);
  await expectService("films", `${url}/elsewhere`);
});

test("another project's service is named, with the command that serves the right one there", async () => {
  const { port } = new URL(url);
  await expect(expectService("books", url)).rejects.toThrow(
    `${url} serves films, not books: give the URL of its own service, or stop that one and start
  npx havn serve books --port ${port}`,
  );
  await expect(expectService("books", `${url}/projects/films`)).rejects.toThrow(
    "give the URL of its own service, which ends with /projects/books under havn up",
  );
});
