// The addresses of the pages: everything behind the # of the URL, so that one static file serves all of them.

export type Route =
  | { readonly page: "home"; readonly project?: string }
  | { readonly page: "runs"; readonly filter?: string }
  | { readonly page: "run"; readonly runId: string }
  | { readonly page: "compare"; readonly runIds: readonly string[] }
  | { readonly page: "sweep"; readonly sweepId: string }
  | { readonly page: "models" }
  | { readonly page: "model"; readonly name: string }
  | { readonly page: "missing"; readonly path: string };

/** Reads `location.hash`. What is no page of ours becomes `missing`. */
export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#/, "").split("?", 2);
  const missing = { page: "missing", path } as const;
  const parts = path.split("/").filter((part) => part !== "");
  let names: string[];
  try {
    names = parts.map(decodeURIComponent);
  } catch {
    return missing;
  }
  const [section, name, ...rest] = names;
  if (rest.length > 0) return missing;
  switch (section) {
    case undefined:
      return { page: "home" };
    case "projects":
      return name === undefined ? { page: "home" } : { page: "home", project: name };
    case "runs": {
      if (name !== undefined) return { page: "run", runId: name };
      const filter = new URLSearchParams(query).get("filter");
      return filter ? { page: "runs", filter } : { page: "runs" };
    }
    case "compare":
      return { page: "compare", runIds: [...new Set((name ?? "").split(",").filter((id) => id !== ""))] };
    case "sweeps":
      return name === undefined ? { page: "runs" } : { page: "sweep", sweepId: name };
    case "models":
      return name === undefined ? { page: "models" } : { page: "model", name };
    default:
      return missing;
  }
}

/** The address of a page, for `href`; `parseRoute` reads it back. */
export function hrefTo(route: Route): string {
  switch (route.page) {
    case "home":
      return route.project === undefined ? "#/" : `#/projects/${encodeURIComponent(route.project)}`;
    case "runs":
      return route.filter ? `#/runs?${new URLSearchParams({ filter: route.filter })}` : "#/runs";
    case "run":
      return `#/runs/${encodeURIComponent(route.runId)}`;
    case "compare":
      return `#/compare/${route.runIds.map(encodeURIComponent).join(",")}`;
    case "sweep":
      return `#/sweeps/${encodeURIComponent(route.sweepId)}`;
    case "models":
      return "#/models";
    case "model":
      return `#/models/${encodeURIComponent(route.name)}`;
    case "missing":
      return `#${route.path}`;
  }
}
