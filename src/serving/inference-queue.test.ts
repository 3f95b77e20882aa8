import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compile, input, openInference, sum } from "../tensor/index.ts";
import { InferenceQueue } from "./inference-queue.ts";
import { ManualClock } from "./testing/manual-clock.ts";
import { SumSession, sums } from "./testing/sums.ts";

/** A place where runs wait until the test opens it. */
function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { wait: () => promise, open: () => resolve() };
}

/** Resolves when everything that is under way in this process without waiting for time has happened. */
async function settled(): Promise<void> {
  for (let i = 0; i < 10; i++) await new Promise((resolve) => setImmediate(resolve));
}

const rows = fc.array(fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 20 }), {
  minLength: 1,
  maxLength: 40,
});

describe("laws", () => {
  test("each request is answered exactly once with its own answer, in whatever order sessions finish", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        rows,
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 4 }),
        async (scheduler, rows, maxBatch, sessionCount) => {
          const sessions = Array.from(
            { length: sessionCount },
            () => new SumSession(() => scheduler.schedule(Promise.resolve())),
          );
          const queue = new InferenceQueue(sessions, sums, { maxBatch });
          const answers = Promise.all(rows.map((row) => queue.ask(row)));
          await scheduler.waitFor(answers);
          expect(await answers).toEqual(rows.map((row) => row.reduce((sum, value) => sum + value)));

          const batches = sessions.flatMap(({ runs }) => runs);
          expect(Math.max(...batches.map((batch) => batch.length))).toBeLessThanOrEqual(maxBatch);
          // Same multiset: nothing computed twice, nothing left out.
          expect(batches.flat().map(String).sort()).toEqual(rows.map(String).sort());
          await queue.close();
        },
      ),
      { numRuns: 50 },
    );
  });

  test("within a batch the order of arrival is kept", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 8 }),
        async (lengths, maxBatch) => {
          const session = new SumSession();
          const queue = new InferenceQueue([session], sums, { maxBatch });
          // The first number of a row says when it came.
          await Promise.all(
            lengths.map((length, arrival) => queue.ask([arrival + 1, ...new Array(length - 1).fill(1)])),
          );
          for (const batch of session.runs) {
            const arrivals = batch.map(([arrival]) => arrival!);
            expect(arrivals).toEqual(arrivals.toSorted((a, b) => a - b));
          }
          await queue.close();
        },
      ),
      { numRuns: 50 },
    );
  });

  test("runs that fail at random still leave every request answered or failed clearly, once", async () => {
    await fc.assert(
      fc.asyncProperty(rows, fc.infiniteStream(fc.boolean()), async (rows, failures) => {
        const open = () =>
          new SumSession(() => {
            if (failures.next().value) throw new Error("the worker thread ended with code 1");
          });
        const clock = new ManualClock();
        const queue = new InferenceQueue([open()], sums, { maxBatch: 4, reopen: async () => open(), clock });
        const outcomes = Promise.allSettled(rows.map((row) => queue.ask(row)));
        let isDone = false;
        void outcomes.then(() => {
          isDone = true;
        });
        while (!isDone) {
          await settled();
          clock.advance(20); // far below the deadline, enough for the pauses between reopenings in the end
        }
        for (const [index, outcome] of (await outcomes).entries()) {
          if (outcome.status === "fulfilled")
            expect(outcome.value).toBe(rows[index]!.reduce((a, b) => a + b));
          else expect(["model-failed", "deadline-exceeded"]).toContain(outcome.reason.code);
        }
        await queue.close();
      }),
      { numRuns: 20 },
    );
  });
});

describe("batches", () => {
  test("what comes together runs together", async () => {
    const session = new SumSession();
    const queue = new InferenceQueue([session], sums);
    expect(await Promise.all([queue.ask([1]), queue.ask([2, 3]), queue.ask([4])])).toEqual([1, 5, 4]);
    expect(session.runs).toEqual([[[1], [2, 3], [4]]]);
  });

  test("what waits is shared among idle sessions", async () => {
    const sessions = [new SumSession(), new SumSession()];
    const queue = new InferenceQueue(sessions, sums);
    await Promise.all([1, 2, 3, 4].map((value) => queue.ask([value])));
    expect(sessions.map(({ runs }) => runs)).toEqual([[[[1], [2]]], [[[3], [4]]]]);
  });

  test("with maxWaitMs the oldest waits that long for company, unless the batch is full before", async () => {
    const clock = new ManualClock();
    const session = new SumSession();
    const queue = new InferenceQueue([session], sums, { maxBatch: 3, maxWaitMs: 10, clock });
    const first = queue.ask([1]);
    await settled();
    expect(session.runs).toEqual([]);
    clock.advance(9);
    const second = queue.ask([2]);
    await settled();
    expect(session.runs).toEqual([]);
    clock.advance(1);
    expect(await Promise.all([first, second])).toEqual([1, 2]);
    expect(session.runs).toEqual([[[1], [2]]]);

    expect(await Promise.all([[3], [4], [5]].map((row) => queue.ask(row)))).toEqual([3, 4, 5]);
  });
});

describe("limits", () => {
  test("beyond the bound a request is refused at once and told when to come back", async () => {
    const { wait, open } = gate();
    const queue = new InferenceQueue([new SumSession(wait)], sums, { maxQueued: 2 });
    const running = queue.ask([1]);
    await settled();
    const waiting = [queue.ask([2]), queue.ask([3])];
    await expect(queue.ask([4])).rejects.toMatchObject({ code: "overloaded", retryAfterSeconds: 1 });
    expect(queue.waiting).toBe(2);
    open();
    expect(await Promise.all([running, ...waiting])).toEqual([1, 2, 3]);
    expect(await queue.ask([5])).toBe(5);
  });

  test("at its deadline a request is refused, whether it waits or runs, and leaves no timer behind", async () => {
    const clock = new ManualClock();
    const { wait, open } = gate();
    const session = new SumSession(wait);
    const queue = new InferenceQueue([session], sums, { deadlineMs: 100, clock });
    const running = queue.ask([1]);
    await settled();
    const waiting = queue.ask([2]);
    const outcomes = Promise.allSettled([running, waiting]);
    clock.advance(100);
    expect(await outcomes).toMatchObject([
      { reason: { code: "deadline-exceeded" } },
      { reason: { code: "deadline-exceeded" } },
    ]);
    expect(queue.waiting).toBe(0);
    expect(clock.pending).toBe(0);
    open();
    expect(await queue.ask([3])).toBe(3);
    expect(session.runs).toEqual([[[1]], [[3]]]);
  });
});

describe("a session whose worker crashes", () => {
  test("is replaced, and its requests are answered by the new one", async () => {
    const crashed = new SumSession(() => {
      throw new Error("the worker thread ended with code 1");
    });
    const fresh = new SumSession();
    const queue = new InferenceQueue([crashed], sums, { reopen: async () => fresh });
    expect(await Promise.all([queue.ask([1]), queue.ask([2])])).toEqual([1, 2]);
    expect(crashed.isClosed).toBe(true);
    expect(fresh.runs).toEqual([[[1]], [[2]]]);
  });

  test("one input that always crashes it fails alone", async () => {
    const open = () =>
      new SumSession((batch) => {
        if (batch.some(([value]) => value === 13)) throw new Error("crash");
      });
    const clock = new ManualClock();
    const queue = new InferenceQueue([open()], sums, { reopen: async () => open(), clock });
    const outcomes = Promise.allSettled([[1], [13], [2]].map((row) => queue.ask(row)));
    await settled();
    clock.advance(1000);
    expect(await outcomes).toMatchObject([{ value: 1 }, { reason: { code: "model-failed" } }, { value: 2 }]);
  });

  test("without a way to open another, every request fails clearly and the queue is not ready", async () => {
    const queue = new InferenceQueue(
      [
        new SumSession(() => {
          throw new Error("crash");
        }),
      ],
      sums,
    );
    expect(queue.isReady).toBe(true);
    expect(await Promise.allSettled([[1], [2]].map((row) => queue.ask(row)))).toMatchObject([
      { reason: { code: "model-failed" } },
      { reason: { code: "model-failed" } },
    ]);
    expect(queue.isReady).toBe(false);
  });

  test("one that cannot be opened again is tried at growing intervals, requests wait meanwhile", async () => {
    const clock = new ManualClock();
    let attempts = 0;
    const queue = new InferenceQueue(
      [
        new SumSession(() => {
          throw new Error("crash");
        }),
      ],
      sums,
      {
        clock,
        reopen: async () => {
          if (++attempts < 3) throw new Error("no memory");
          return new SumSession();
        },
      },
    );
    const answer = queue.ask([7]);
    await settled();
    expect(attempts).toBe(1);
    clock.advance(5000);
    await settled();
    expect(attempts).toBe(2);
    expect(queue.isReady).toBe(false);
    clock.advance(5000);
    expect(await answer).toBe(7);
    expect(queue.isReady).toBe(true);
  });
});

test("an example that cannot be collated spoils neither its batch nor the session", async () => {
  const session = new SumSession();
  const queue = new InferenceQueue([session], {
    ...sums,
    collate(rows: readonly number[][]) {
      if (rows.some(([value]) => value === 13)) throw new Error("not on my watch");
      return sums.collate(rows);
    },
  });
  const outcomes = await Promise.allSettled([[1], [13], [2]].map((row) => queue.ask(row)));
  expect(outcomes).toMatchObject([{ value: 1 }, { reason: { code: "model-failed" } }, { value: 2 }]);
  expect(session.isClosed).toBe(false);
});

test("close refuses new requests, answers those it has taken, then closes the sessions", async () => {
  const { wait, open } = gate();
  const session = new SumSession(wait);
  const queue = new InferenceQueue([session], sums, { maxBatch: 1 });
  const taken = [queue.ask([1]), queue.ask([2])];
  const closed = queue.close();
  await expect(queue.ask([3])).rejects.toMatchObject({ code: "closing" });
  expect(queue.isReady).toBe(false);
  expect(session.isClosed).toBe(false);
  open();
  expect(await Promise.all(taken)).toEqual([1, 2]);
  await closed;
  expect(session.isClosed).toBe(true);
});

test("answers from a model in ONNX Runtime, in two worker threads", async () => {
  const values = input("values", "float32", ["batch", "sequence"]);
  const { bytes } = compile({ sums: sum(values, { axes: [1] }) }, { parameters: new Map() });
  const open = () => openInference(bytes, { threads: 1 });
  const queue = new InferenceQueue([await open()], sums, { maxBatch: 4, sessions: 2, reopen: open });
  const rows = Array.from({ length: 50 }, (_, i) => Array.from({ length: 1 + (i % 7) }, (_, j) => i + j));
  expect(await Promise.all(rows.map((row) => queue.ask(row)))).toEqual(
    rows.map((row) => row.reduce((sum, value) => sum + value)),
  );
  await queue.close();
});
