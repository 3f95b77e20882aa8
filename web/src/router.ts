// The addresses of the pages: everything behind the # of the URL, so that one static file serves all of them.

export type Route =
  | { readonly page: "home"; readonly project?: string }
  | { readonly page: "runs"; readonly filter?: string; readonly experimentId?: string }
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
  const foreign = mlflowRoute(names);
  if (foreign) return foreign;
  if (rest.length > 0) return missing;
  switch (section) {
    case undefined:
      return { page: "home" };
    case "projects":
      return name === undefined ? { page: "home" } : { page: "home", project: name };
    case "runs": {
      if (name !== undefined) return { page: "run", runId: name };
      const given = new URLSearchParams(query);
      const [filter, experimentId] = [given.get("filter"), given.get("experiment")];
      return { page: "runs", ...(filter && { filter }), ...(experimentId && { experimentId }) };
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

/**
 * What MLflow's client prints, on the address of the tracking server: `#/experiments/ID`, `#/experiments/ID/runs/RUN`
 * with what may come behind, and `#/models/NAME/versions/N`.
 */
function mlflowRoute([section, name, below, id]: readonly string[]): Route | undefined {
  if (section === "models" && name !== undefined && below === "versions") return { page: "model", name };
  if (section !== "experiments") return undefined;
  if (name === undefined) return { page: "runs" };
  if (below === "runs" && id !== undefined) return { page: "run", runId: id };
  return { page: "runs", experimentId: name };
}

/** The address of a page, for `href`; `parseRoute` reads it back. */
export function hrefTo(route: Route): string {
  switch (route.page) {
    case "home":
      return route.project === undefined ? "#/" : `#/projects/${encodeURIComponent(route.project)}`;
    case "runs":
      return `#/runs${queryOf({ experiment: route.experimentId, filter: route.filter })}`;
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

/** With a question mark; nothing where no value is given. */
function queryOf(values: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(values).filter((pair): pair is [string, string] => Boolean(pair[1]));
  return given.length > 0 ? `?${new URLSearchParams(given)}` : "";
}
