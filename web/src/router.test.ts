import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hrefTo, parseRoute, type Route } from "./router.ts";

describe("parseRoute", () => {
  it.each<[string, Route]>([
    ["", { page: "home" }],
    ["#/", { page: "home" }],
    ["#/projects/movie-reviews", { page: "home", project: "movie-reviews" }],
    ["#/runs", { page: "runs" }],
    ["#/runs?filter=metrics.loss+%3C+1", { page: "runs", filter: "metrics.loss < 1" }],
    ["#/runs/4f2a", { page: "run", runId: "4f2a" }],
    ["#/compare/a,b,c", { page: "compare", runIds: ["a", "b", "c"] }],
    ["#/compare/a,b,a", { page: "compare", runIds: ["a", "b"] }],
    ["#/sweeps/27edaa37ab", { page: "sweep", sweepId: "27edaa37ab" }],
    ["#/sweeps", { page: "runs" }],
    ["#/runs?experiment=3", { page: "runs", experimentId: "3" }],
    ["#/models/", { page: "models" }],
    ["#/models/a%20b", { page: "model", name: "a b" }],
  ])("reads %s", (hash, route) => {
    expect(parseRoute(hash)).toEqual(route);
  });

  it.each<[string, Route]>([
    ["#/experiments", { page: "runs" }],
    ["#/experiments/3", { page: "runs", experimentId: "3" }],
    ["#/experiments/3?searchFilter=", { page: "runs", experimentId: "3" }],
    ["#/experiments/3/runs", { page: "runs", experimentId: "3" }],
    ["#/experiments/3/runs/4f2a", { page: "run", runId: "4f2a" }],
    ["#/experiments/3/runs/4f2a/artifacts/model", { page: "run", runId: "4f2a" }],
    ["#/models/a%20b/versions/2", { page: "model", name: "a b" }],
  ])("leads the links of MLflow's client to our pages: %s", (hash, route) => {
    expect(parseRoute(hash)).toEqual(route);
  });

  it.each(["#/nowhere", "#/runs/a/b", "#/models/a/b", "#/models/%E0%A4%A"])("finds no page at %s", (hash) => {
    expect(parseRoute(hash).page).toBe("missing");
  });

  it("reads back what hrefTo writes", () => {
    const name = fc.string({ minLength: 1, unit: "grapheme" });
    const id = fc.stringMatching(/^[0-9a-f]{32}$/);
    const route = fc.oneof<fc.Arbitrary<Route>[]>(
      fc.record({ page: fc.constant("home"), project: name }),
      fc.record({ page: fc.constant("runs"), filter: name, experimentId: id }),
      fc.record({ page: fc.constant("run"), runId: id }),
      fc.record({ page: fc.constant("compare"), runIds: fc.uniqueArray(id) }),
      fc.record({ page: fc.constant("sweep"), sweepId: name }),
      fc.record({ page: fc.constant("model"), name }),
    );
    fc.assert(
      fc.property(route, (route) => {
        expect(parseRoute(hrefTo(route))).toEqual(route);
      }),
    );
  });
});
