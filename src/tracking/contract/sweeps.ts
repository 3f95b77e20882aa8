import { describe, expect, test } from "vitest";
import type { Json } from "../prediction.ts";
import type { Store } from "../store.ts";
import type { Given } from "./given.ts";

/** What holds for sweeps: agents share the trials, and one that dies keeps none. */
export function sweepsContract(given: Given<Store>): void {
  describe("sweeps", () => {
    const definition = { method: "random", parameters: { lr: { min: 0, max: 1 } } };
    const newSweep = (project = "reviews") =>
      given.store.createSweep({ project, name: "default", definition, overrides: ["seed=3"], seed: 3 });

    /** Claims with a proposal from what there is, as an agent does. */
    async function claim(sweepId: string, agent: string) {
      const trials = await given.store.listTrials(sweepId);
      const proposal = { number: trials.length + 1, parameters: { lr: trials.length / 10 } };
      return given.store.claimTrial(sweepId, { agent, leaseMs: 100, proposal });
    }

    test("a sweep comes back as it was made, newest first", async () => {
      const first = await newSweep();
      given.time++;
      const second = await newSweep();
      await newSweep("cards");
      expect(first).toEqual({
        ...{ sweepId: expect.stringMatching(/^[0-9a-f]{10}$/), project: "reviews", name: "default" },
        ...{ definition, overrides: ["seed=3"], seed: 3, status: "RUNNING", user: expect.any(String) },
        ...{ creationTime: 1000, lastUpdateTime: 1000 },
      });
      expect(await given.store.getSweep(first.sweepId)).toEqual(first);
      expect((await given.store.listSweeps({ project: "reviews" })).map(({ sweepId }) => sweepId)).toEqual([
        second.sweepId,
        first.sweepId,
      ]);
      expect(await given.store.listSweeps()).toHaveLength(3);
    });

    test("trials are claimed once each, by whoever thought of the newest state", async () => {
      const { sweepId } = await newSweep();
      const stale = { number: 1, parameters: { lr: 0.5 } };
      expect(await given.store.claimTrial(sweepId, { agent: "a", leaseMs: 100, proposal: stale })).toEqual({
        ...{ sweepId, number: 1, parameters: { lr: 0.5 }, status: "RUNNING", attempts: 1 },
        ...{ agent: "a", leaseUntil: 1100, startTime: 1000 },
      });
      expect(
        await given.store.claimTrial(sweepId, { agent: "b", leaseMs: 100, proposal: stale }),
      ).toBeUndefined();
      const second = await claim(sweepId, "b");
      expect(second).toMatchObject({ number: 2, parameters: { lr: 0.1 } });
      expect(await given.store.claimTrial(sweepId, { agent: "c", leaseMs: 100 })).toBeUndefined();
      // The answer did not reach the agent, which asks again.
      expect(await claim(sweepId, "b")).toEqual(second);
    });

    test("agents that claim at once get different trials", async () => {
      const { sweepId } = await newSweep();
      const claims = Array.from({ length: 12 }, async (_, i) => {
        for (;;) {
          const trial = await claim(sweepId, `agent ${i}`);
          if (trial) return trial.number;
        }
      });
      expect((await Promise.all(claims)).sort((a, b) => a - b)).toEqual(
        Array.from({ length: 12 }, (_, i) => i + 1),
      );
    });

    test("a trial ends once, with its value, and only by the agent that has it", async () => {
      const { sweepId } = await newSweep();
      await claim(sweepId, "a");
      const { runId } = await given.newRun("r");
      expect(await given.store.renewTrial(sweepId, 1, { agent: "a", leaseMs: 500, runId })).toBe(true);
      expect(await given.store.endTrial(sweepId, 1, "b", { status: "FINISHED", value: 0.1 })).toBe(false);
      given.time = 1200;
      expect(await given.store.endTrial(sweepId, 1, "a", { status: "FINISHED", value: 0.9 })).toBe(true);
      expect(await given.store.endTrial(sweepId, 1, "a", { status: "FAILED", error: "late" })).toBe(false);
      expect(await given.store.listTrials(sweepId)).toEqual([
        {
          ...{ sweepId, number: 1, parameters: { lr: 0 }, status: "FINISHED", attempts: 1, agent: "a" },
          ...{ runId, value: 0.9, startTime: 1000, endTime: 1200 },
        },
      ]);
    });

    test("an agent that is not heard of loses its trial to another, and learns of it", async () => {
      const { sweepId } = await newSweep();
      await claim(sweepId, "dead");
      given.time += 99;
      expect(await given.store.claimTrial(sweepId, { agent: "b", leaseMs: 100 })).toBeUndefined();
      given.time += 1;
      expect(await given.store.claimTrial(sweepId, { agent: "b", leaseMs: 100 })).toMatchObject({
        ...{ number: 1, agent: "b", attempts: 2 },
      });
      expect(await given.store.renewTrial(sweepId, 1, { agent: "dead", leaseMs: 100 })).toBe(false);
      expect(await given.store.renewTrial(sweepId, 1, { agent: "b", leaseMs: 100 })).toBe(true);
    });

    test("a trial whose agents die three times has failed", async () => {
      const { sweepId } = await newSweep();
      for (const agent of ["a", "b", "c"]) {
        expect(await claim(sweepId, agent)).toMatchObject({ number: 1, agent });
        given.time += 100;
      }
      expect(await claim(sweepId, "d")).toMatchObject({ number: 2 });
      expect((await given.store.listTrials(sweepId))[0]).toMatchObject({
        ...{ status: "FAILED", error: "its agent died 3 times, last c", endTime: given.time },
      });
    });

    test("a trial that is given back is the next that is claimed, with its run", async () => {
      const { sweepId } = await newSweep();
      await claim(sweepId, "a");
      await claim(sweepId, "b");
      const { runId } = await given.newRun("r");
      await given.store.renewTrial(sweepId, 1, { agent: "a", leaseMs: 100, runId });
      expect(await given.store.giveBackTrial(sweepId, 1, "b")).toBe(false);
      expect(await given.store.giveBackTrial(sweepId, 1, "a")).toBe(true);
      expect((await given.store.listTrials(sweepId))[0]).toMatchObject({ status: "WAITING" });
      expect(await claim(sweepId, "c")).toMatchObject({ number: 1, runId, attempts: 1 });
    });

    test("a sweep that does not run hands out nothing", async () => {
      const { sweepId } = await newSweep();
      expect(await given.store.setSweepStatus(sweepId, "STOPPED")).toMatchObject({ status: "STOPPED" });
      expect(await claim(sweepId, "a")).toBeUndefined();
      await given.store.setSweepStatus(sweepId, "RUNNING");
      expect(await claim(sweepId, "a")).toMatchObject({ number: 1 });
    });

    test("values are finite, parameters anything that JSON has", async () => {
      const { sweepId } = await newSweep();
      const parameters: Record<string, Json> = { "a.b": [1, "x", null], "c'd": { e: true }, __proto: 1e-7 };
      await given.store.claimTrial(sweepId, {
        ...{ agent: "a", leaseMs: 1 },
        proposal: { number: 1, parameters },
      });
      expect((await given.store.listTrials(sweepId))[0]?.parameters).toEqual(parameters);
      await expect(
        given.store.endTrial(sweepId, 1, "a", { status: "FINISHED", value: Number.NaN }),
      ).rejects.toThrow("the value of a trial must be a finite number, got NaN");
    });

    test("what is not there is named", async () => {
      const { sweepId } = await newSweep();
      for (const attempt of [
        () => given.store.getSweep("none"),
        () => given.store.listTrials("none"),
        () => given.store.setSweepStatus("none", "STOPPED"),
        () => given.store.claimTrial("none", { agent: "a", leaseMs: 1 }),
        () => given.store.endTrial("none", 1, "a", { status: "FAILED", error: "" }),
      ])
        await expect(attempt()).rejects.toThrow('there is no sweep "none"');
      await expect(given.store.giveBackTrial(sweepId, 7, "a")).rejects.toThrow(
        `sweep ${sweepId} has no trial 7`,
      );
    });
  });
}
