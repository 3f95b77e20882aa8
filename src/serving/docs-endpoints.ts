/** `/docs`: Swagger UI from its own files, with relative URLs only, so that it works below any prefix. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { html } from "hono/html";
import { json } from "./call.ts";
import type { Endpoint } from "./endpoint.ts";

const require = createRequire(import.meta.url);

const contentTypes = {
  "swagger-ui.css": "text/css; charset=utf-8",
  "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
  "favicon-32x32.png": "image/png",
} as const;

/** Nothing but this service's own files, so that what a document says can never run as a script. */
const contentSecurityPolicy = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'", // Swagger UI sets styles on its elements
  "img-src 'self' data:", // and its icons stand in its style sheet
].join("; ");

const startScript = `const dark = matchMedia("(prefers-color-scheme: dark)");
const followTheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
followTheme();
dark.addEventListener("change", followTheme);
window.ui = SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  tryItOutEnabled: true,
  displayRequestDuration: true,
  validatorUrl: null,
});
`;

/** @param document the OpenAPI document, asked for when it is first needed */
export function docsEndpoints(title: string, document: () => object): Endpoint[] {
  return [
    { method: "GET", path: "/openapi.json", handle: () => json(document()) },
    {
      method: "GET",
      path: "/docs",
      handle: () => ({
        headers: {
          "content-type": "text/html; charset=utf-8",
          "content-security-policy": contentSecurityPolicy,
        },
        body: String(page(title)),
      }),
    },
    // Relative to `/docs/`, every URL of the page would point one folder too deep.
    {
      method: "GET",
      path: "/docs/",
      handle: () => ({ status: 302, headers: { location: "../docs" }, body: null }),
    },
    {
      method: "GET",
      path: "/docs/start.js",
      handle: () => ({ headers: { "content-type": "text/javascript; charset=utf-8" }, body: startScript }),
    },
    ...Object.entries(contentTypes).map(
      ([file, contentType]): Endpoint => ({
        method: "GET",
        path: `/docs/${file}`,
        handle: async () => ({
          headers: { "content-type": contentType, "cache-control": "public, max-age=86400" },
          body: new Uint8Array(await readFile(require.resolve(`swagger-ui-dist/${file}`))),
        }),
      }),
    ),
  ];
}

const page = (title: string) => html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${title}: API</title>
    <link rel="stylesheet" href="docs/swagger-ui.css">
    <style>
      /* A list of one server, which is ".". */
      .swagger-ui .scheme-container { display: none }
    </style>
    <link rel="icon" type="image/png" href="docs/favicon-32x32.png">
  </head>
  <body>
    <div id="swagger-ui"></div>
    <script src="docs/swagger-ui-bundle.js"></script>
    <script src="docs/start.js"></script>
  </body>
</html>
`;
