import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type HttpServer, listen } from "../serving/index.ts";
import { loadProject, type Project } from "../tasks/index.ts";
import { openStore, type Store, tokenAccess } from "../tracking/index.ts";
import { havnApp, type ServedProject } from "./havn-app.ts";

let folder: string;
let store: Store;
let project: Project;
let served: ServedProject[];
let app: ReturnType<typeof havnApp>;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "havn-app-"));
  store = await openStore({ home: join(folder, "home") });
  project = await loadProject("movie-reviews");
  const pages = join(folder, "pages");
  await mkdir(join(pages, "assets"), { recursive: true });
  await writeFile(join(pages, "index.html"), "<!doctype html>the page");
  await writeFile(join(pages, "assets", "main.js"), "the script");
  await writeFile(join(folder, "secret.txt"), "the secret");
  served = [{ project }];
  app = havnApp({ store, projects: () => served, pages });
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

/** Repeats what it was asked. */
const echo = {
  app: {
    fetch: async (request: Request, { below }: { below?: string }) =>
      Response.json({ path: new URL(request.url).pathname, below, body: await request.text() }),
  },
};

describe("services", () => {
  test("are listed with their page and the version that answers", async () => {
    const list = async () => (await app.request("/api/projects")).json();
    expect(await list()).toEqual([
      {
        name: "movie-reviews",
        ...project.page,
        path: "/projects/movie-reviews/",
        route: "/inference",
        model: null,
      },
    ]);
    served = [{ project, service: echo, version: 3 }];
    expect(await list()).toMatchObject([{ model: { name: "movie-reviews", version: 3 } }]);
  });

  test("get the request, and the prefix that it stands below", async () => {
    served = [{ project, service: echo, version: 1 }];
    const ask = async (path: string, init: RequestInit = {}) => (await app.request(path, init)).json();
    const post = { method: "POST", body: "a body" };
    expect(await ask("/projects/movie-reviews/inference?x=1", post)).toEqual({
      ...{ path: "/projects/movie-reviews/inference", below: "/projects/movie-reviews", body: "a body" },
    });
    expect(await ask("/projects/movie%2Dreviews/docs")).toMatchObject({ below: "/projects/movie-reviews" });
  });

  test("without a model say how to get one", async () => {
    const response = await app.request("/projects/movie-reviews/inference", { method: "POST" });
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(await response.json()).toMatchInlineSnapshot(`
      {
        "error": {
          "code": "no-model",
          "message": "movie-reviews has no promoted model yet; train one with: npx havn run movie-reviews",
        },
      }
    `);
  });

  test("that nobody knows are a 404", async () => {
    const response = await app.request("/projects/nothing/inference", { method: "POST" });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchInlineSnapshot(`
      {
        "error": {
          "code": "not-found",
          "message": "there is no project "nothing" here; GET /api/projects lists them",
        },
      }
    `);
  });
});

describe("pages", () => {
  let server: HttpServer;
  beforeEach(async () => {
    server = await listen(app, { port: 0 });
  });
  afterEach(() => server.close());

  /** Sends a path as it stands: `fetch` would tidy it up first. */
  async function get(path: string): Promise<{ status: number; body: string }> {
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>();
    const sent = request({ host: server.host, port: server.port, path }, async (response) => {
      resolve({ status: response.statusCode ?? 0, body: await text(response) });
    });
    sent.on("error", reject).end();
    return promise;
  }

  test("are served, with a policy that lets nothing foreign in", async () => {
    expect(await get("/")).toEqual({ status: 200, body: "<!doctype html>the page" });
    expect(await get("/assets/main.js")).toEqual({ status: 200, body: "the script" });
    const { headers } = await fetch(server.url);
    expect(headers.get("content-security-policy")).toContain("default-src 'self'");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  });

  test.each([
    "/../secret.txt",
    "/assets/../../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/assets/%2e%2e%2f%2e%2e%2fsecret.txt",
    "/..%5csecret.txt",
    "/%252e%252e/secret.txt",
    "//secret.txt",
    "/assets/..%00/secret.txt",
    "/%c0%ae%c0%ae/secret.txt",
  ])("do not lead out of their folder: %s", async (path) => {
    const { status, body } = await get(path);
    expect(status).toBeOneOf([400, 404]);
    expect(body).not.toContain("the secret");
  });

  test("that are not built say how they are", async () => {
    const bare = havnApp({ store, projects: () => [], pages: join(folder, "nothing") });
    const response = await bare.request("/");
    expect(response.status).toBe(503);
    expect(await response.text()).toBe("The pages are not built yet: npm run build:web\n");
  });
});

describe("a page of another site", () => {
  const create = (headers: Record<string, string>) =>
    app.request("http://localhost:8080/api/2.0/mlflow/experiments/create", {
      method: "POST",
      headers,
      body: JSON.stringify({ name: "theirs" }),
    });
  const experiments = async () => (await store.searchExperiments()).items.map(({ name }) => name);

  test.each([
    ["text, which browsers send anywhere", { "content-type": "text/plain" }],
    ["a form", { "content-type": "application/x-www-form-urlencoded" }],
    ["no type at all", {}],
  ])("cannot write with %s", async (_, headers) => {
    const { status } = await create({ ...headers, origin: "https://elsewhere.example" });
    expect(status).toBeOneOf([403, 415]);
    expect(await experiments()).not.toContain("theirs");
  });

  test("does not get a browser's leave to send JSON", async () => {
    const response = await app.request("http://localhost:8080/api/2.0/mlflow/experiments/create", {
      method: "OPTIONS",
      headers: {
        origin: "https://elsewhere.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
      },
    });
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  });

  test("is not what a client without a browser is", async () => {
    expect((await create({ "content-type": "application/json" })).status).toBe(200);
    expect(await experiments()).toContain("theirs");
  });
});

describe("a token", () => {
  const token = "s3cret";
  const guarded = (isPrivate: boolean) =>
    havnApp({
      store,
      projects: () => [{ project, service: echo, version: 1 }],
      pages: join(folder, "pages"),
      access: tokenAccess({ token, isPrivate }),
    });
  const bearer = { authorization: `Bearer ${token}` };
  const post = (headers: Record<string, string> = {}, body = "{}") => ({
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
  });

  test.each<[string, RequestInit, open: number, isPrivate: number]>([
    ["/health", {}, 200, 200],
    ["/", {}, 200, 401],
    ["/assets/main.js", {}, 200, 401],
    ["/api/projects", {}, 200, 401],
    ["/api/2.0/mlflow/experiments/get?experiment_id=0", {}, 200, 401],
    ["/api/2.0/mlflow/runs/search", post(), 200, 401],
    ["/api/2.0/mlflow/experiments/create", post({}, '{"name":"x"}'), 401, 401],
    ["/api/whatever/is/written", post(), 401, 401],
    ["/projects/movie-reviews/inference", post(), 200, 401],
  ])("is asked for at %s", async (path, init, open, closed) => {
    const status = async (isPrivate: boolean, headers: Record<string, string> = {}) => {
      const sent = { ...init, headers: { ...(init.headers as Record<string, string>), ...headers } };
      return (await guarded(isPrivate).request(path, sent)).status;
    };
    expect([await status(false), await status(true)]).toEqual([open, closed]);
    expect(await status(true, bearer)).not.toBe(401);
    const password = { authorization: `Basic ${Buffer.from(`me:${token}`).toString("base64")}` };
    expect(await status(true, password)).not.toBe(401);
  });

  test("a browser is told to ask for it", async () => {
    const response = await guarded(true).request("/");
    expect(response.headers.get("www-authenticate")).toMatch(/Basic realm=/);
    expect(await response.text()).not.toContain(token);
  });

  test("a client uploads text, which the browser of a visitor could not", async () => {
    const put = { method: "PUT", body: "words", headers: { "content-type": "text/plain", ...bearer } };
    const response = await guarded(false).request("/api/2.0/mlflow-artifacts/artifacts/run/a.txt", put);
    expect(response.status).toBe(200);
    expect(new TextDecoder().decode(await store.files.read("run/a.txt"))).toBe("words");
  });
});
