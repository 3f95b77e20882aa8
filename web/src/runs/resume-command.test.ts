import { expect, it } from "vitest";
import { resumeCommand } from "./resume-command.ts";

const tags = {
  "havn.project": "movie-reviews",
  "mlflow.source.name": "/havn/bin/havn.js run movie-reviews seed=2",
};

it("continues a run that was stopped, with the command that began it", () => {
  expect(resumeCommand({ runId: "5451", status: "KILLED", tags })).toBe(
    "npx havn run movie-reviews --resume 5451",
  );
});

it.each([
  ["a run that has ended", "FINISHED", tags],
  ["a run that goes on", "RUNNING", tags],
  ["a trial of a sweep", "KILLED", { ...tags, "havn.sweep": "27ed" }],
  ["a run of another program", "KILLED", { "mlflow.source.name": "train.py" }],
] as const)("knows none for %s", (_what, status, tags) => {
  expect(resumeCommand({ runId: "5451", status, tags })).toBeUndefined();
});
