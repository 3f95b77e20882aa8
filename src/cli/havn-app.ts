/** The HTTP application of `havn up`: pages, tracking and registry, and the services of all projects, in one process. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { serveStatic } from "@hono/node-server/serve-static";
import { Hono } from "hono";
import { csrf } from "hono/csrf";
import { secureHeaders } from "hono/secure-headers";
import type { ServiceEnv } from "../serving/index.ts";
import type { Project } from "../tasks/index.ts";
import { type Access, type Store, tokenAccess, trackingRoutes } from "../tracking/index.ts";
import { sweepResultsRoute } from "./sweep-results-route.ts";

interface ServiceApp {
  /** Finds its own path behind `below`. */
  fetch(request: Request, bindings: ServiceEnv["Bindings"]): Response | Promise<Response>;
}

/** A project as it is served at the moment. */
export interface ServedProject {
  readonly project: Project;
  /** Its service; missing while the project has no promoted model. */
  readonly service?: { readonly app: ServiceApp } | undefined;
  readonly version?: number | undefined;
}

export interface HavnAppOptions {
  readonly store: Store;
  /** The projects as they are now. */
  projects(): Iterable<ServedProject>;
  /** Folder of the web pages. */
  readonly pages?: string;
  /** Who may read and write; everybody unless given. */
  readonly access?: Access;
}

/** The pages as `npm run build:web` makes them. */
const builtPages = fileURLToPath(new URL("../../web/dist/", import.meta.url));

const prefix = (name: string): string => `/projects/${name}/`;

export function havnApp({
  store,
  projects,
  pages = builtPages,
  access = tokenAccess({}),
}: HavnAppOptions): Hono<ServiceEnv> {
  const app = new Hono<ServiceEnv>();
  app.get("/health", (c) => c.json({ status: "ready" }));
  // Below /health, so that whoever watches the process needs no token.
  app.use("*", async (c, next) => access.refusal(c.req.raw, needOf(c.req.raw)) ?? (await next()));
  app.get("/api/projects", (c) => c.json([...projects()].map(describeProject)));
  app.all("/projects/:name/*", (c) => {
    const name = c.req.param("name");
    const served = [...projects()].find(({ project }) => project.name === name);
    if (!served) return c.json(noSuchProject(name), 404);
    if (!served.service) return c.json(noModelYet(name), 503, { "retry-after": "5" });
    return served.service.app.fetch(c.req.raw, { ...c.env, below: `/projects/${name}` });
  });
  // A page of another site must not write here through the visitor's browser, which sends POST without asking us first.
  const unforged = csrf();
  app.use("/api/*", (c, next) => (c.req.method === "POST" ? unforged(c, next) : next()));
  app.route("/", sweepResultsRoute(store));
  app.route("/", trackingRoutes(store, { access }));
  app.use("*", secureHeaders({ contentSecurityPolicy: policy, strictTransportSecurity: false }));
  if (existsSync(join(pages, "index.html"))) app.get("*", serveStatic({ root: pages }));
  else app.get("/", (c) => c.text("The pages are not built yet: npm run build:web\n", 503));
  return app;
}

/**
 * What a request needs of the token. MLflow's API says it of each of its routes, since it reads by POST as well; what the
 * services of the projects answer is read.
 */
function needOf(request: Request): "read" | "write" {
  const { pathname } = new URL(request.url);
  const isRead = ["GET", "HEAD", "OPTIONS"].includes(request.method);
  return isRead || !pathname.startsWith("/api/") || /^\/api\/\d\.0\/?mlflow/.test(pathname)
    ? "read"
    : "write";
}

/** Everything comes from here; charts and Svelte set styles on elements. */
const policy = {
  defaultSrc: ["'self'"],
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", "data:"],
  objectSrc: ["'none'"],
  frameAncestors: ["'none'"],
};

function describeProject({ project: { name, page, route }, version }: ServedProject) {
  return {
    ...{ name, ...page, path: prefix(name), route: route.path },
    model: version === undefined ? null : { name, version },
  };
}

const noSuchProject = (name: string) => ({
  error: { code: "not-found", message: `there is no project "${name}" here; GET /api/projects lists them` },
});

const noModelYet = (name: string) => ({
  error: {
    code: "no-model",
    message: `${name} has no promoted model yet; train one with: npx havn run ${name}`,
  },
});
