import { expect, it } from "vitest";
import { runColumns, sortRuns } from "./run-columns.ts";
import type { RunRow } from "./run-row.ts";

const row = (name: string, best: number | undefined, startTime: number): RunRow => ({
  run: {
    runId: name,
    name,
    experimentId: "1",
    status: "FINISHED",
    startTime,
    endTime: startTime + 10,
    metrics: {},
    params: {},
    tags: {},
    datasets: [],
  },
  project: "movie-reviews",
  best,
  loss: undefined,
  versions: [],
});
const rows = [row("b", 0.7, 1), row("a", undefined, 2), row("c", 0.9, 3), row("d", 0.7, 4)];
const columns = runColumns("validation_accuracy");
const namesBy = (id: string, isDescending: boolean) =>
  sortRuns(rows, columns.find((column) => column.id === id)!, isDescending).map(({ run }) => run.name);

it("sorts by numbers and by words, in both directions", () => {
  expect(namesBy("name", false)).toEqual(["a", "b", "c", "d"]);
  expect(namesBy("started", true)).toEqual(["d", "c", "a", "b"]);
});

it("puts what has no value last in both directions, and the newer of two equal ones first", () => {
  expect(namesBy("best", true)).toEqual(["c", "d", "b", "a"]);
  expect(namesBy("best", false)).toEqual(["d", "b", "c", "a"]);
});

it("shows the newest first where no run has a value", () => {
  expect(namesBy("loss", true)).toEqual(["d", "c", "a", "b"]);
});

it("names the metric in its column", () => {
  expect(columns.find(({ id }) => id === "best")?.title).toBe("Best validation accuracy");
});
