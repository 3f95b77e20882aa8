import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openStore, type Run, type Store } from "../tracking/index.ts";
import { loadProject } from "./project.ts";
import { projectConfig } from "./project-config.ts";
import { tinyReviews } from "./testing/tiny-reviews.ts";
import { trainingRun } from "./training-run.ts";
import { describeFailure, errorTag } from "./training-run-error.ts";

describe("a run that fails", () => {
  let folder: string;
  let store: Store;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "havn-failed-run-"));
    store = await openStore({ home: folder });
  });
  afterAll(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });

  /** A rate at which the loss is no number after a few steps. */
  async function diverge(given: Store, resume?: Run) {
    const project = await loadProject("movie-reviews");
    const overrides = [...(await tinyReviews(folder)), "optimizer.learning_rate=1e30"];
    const config = projectConfig(project, overrides, { command: "havn train" });
    let begun: Promise<Run> | undefined;
    const error = await trainingRun(project, {
      ...{ store: given, config, report: () => {}, checkpoints: join(folder, "checkpoints") },
      resume,
      onRun: (runId) => {
        begun = store.getRun(runId);
      },
    }).catch((error: Error) => error);
    expect(error).toBeInstanceOf(Error);
    return { begun: (await begun) as Run, error: error as Error };
  }

  test("says why, without a stack", async () => {
    const { begun, error } = await diverge(store);
    const failed = await store.getRun(begun.runId);
    const { status, tags } = failed;
    expect(status).toBe("FAILED");
    expect(tags[errorTag]).toBe(error.message);
    expect(tags[errorTag]).toContain("optimizer.learning_rate");
    expect(tags[errorTag]).not.toContain("    at ");
    const again = await diverge(store, failed);
    expect(again.begun).toMatchObject({ runId: failed.runId, status: "RUNNING" });
    expect(again.begun.tags[errorTag], "while it is tried again").toBeUndefined();
  }, 60_000);

  test("is told by its own error where the store does not answer either", async () => {
    const silent: Store = {
      ...store,
      updateRun: () => Promise.reject(new Error("the store does not answer")),
    };
    const { error } = await diverge(silent);
    expect(error.message).toContain("optimizer.learning_rate");
  }, 60_000);
});

describe("a message", () => {
  test.each([
    ["could not reach postgres://havn:hunter2@db/havn", "could not reach postgres://***@db/havn"],
    ["GET https://ghp_0123456789@host/file: 403", "GET https://***@host/file: 403"],
    ["PUT https://s3/b?X-Amz-Signature=abcdef&x=1", "PUT https://s3/b?X-Amz-Signature=***&x=1"],
    ['tracking: {"api_key": "abcdef", "host": "h"}', 'tracking: {"api_key": "***", "host": "h"}'],
    ["header authorization: Bearer abc.def-123", "header authorization: Bearer ***"],
    ["403 for s3cretvalue of the bucket", "403 for *** of the bucket"],
    ["row 3: the tokenizer has no token for é", "row 3: the tokenizer has no token for é"],
    ["", "an error without a message"],
  ])("%s", (message, expected) => {
    const environment = { AWS_SECRET_ACCESS_KEY: "s3cretvalue", HAVN_TOKEN: "e", HOME: "of the bucket" };
    expect(describeFailure(new Error(message), environment)).toBe(expected);
  });

  test("is bounded, and what was thrown need not be an error", () => {
    expect(describeFailure(new Error("x".repeat(10_000)))).toHaveLength(2000);
    expect(describeFailure("no error at all")).toBe("no error at all");
  });
});
