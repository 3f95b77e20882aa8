import { expect, test } from "vitest";
import type { Store } from "../store.ts";
import type { Given } from "./given.ts";

/** What a store refuses because it is too long. Servers of MLflow's protocol keep the beginning of params and tags instead. */
export function limitsContract(given: Given<Store>): void {
  test.each([
    ["params", 6000],
    ["tags", 8000],
  ] as const)("%s have at most %d characters", async (kind, most) => {
    const { runId } = await given.newRun("r");
    await expect(given.store.logBatch(runId, { [kind]: { long: "x".repeat(most + 1) } })).rejects.toThrow(
      `${kind.slice(0, -1)} long has ${most + 1} characters, at most ${most} are allowed`,
    );
    await given.store.logBatch(runId, { [kind]: { long: "x".repeat(most) } });
    expect((await given.store.getRun(runId))[kind].long).toHaveLength(most);
  });
}
