import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InferenceQueue, type InferenceQueueOptions } from "./inference-queue.ts";
import { ManualClock } from "./testing/manual-clock.ts";
import { SumWorker, sumOf } from "./testing/sums.ts";

/** A queue in front of these workers; what fails beyond them cannot be opened again. */
function queueOf(workers: readonly SumWorker[], options: Partial<InferenceQueueOptions> = {}) {
  const [first, ...others] = workers;
  const open = async () => {
    const next = others.shift();
    if (!next) throw new Error("there is no other worker");
    return next;
  };
  const queue = new InferenceQueue(first!, { open, workers: workers.length, ...options });
  return {
    queue,
    ask: async (row: number[], options = {}) => (await queue.ask(row, row.length, options)).answer,
  };
}

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
  test("each request is answered exactly once with its own answer, in whatever order workers finish", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        rows,
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 4 }),
        async (scheduler, rows, maxBatch, workerCount) => {
          const workers = Array.from(
            { length: workerCount },
            () => new SumWorker(() => scheduler.schedule(Promise.resolve())),
          );
          const { queue, ask } = queueOf(workers, { maxBatch });
          await settled();
          const answers = Promise.all(rows.map((row) => ask(row)));
          await scheduler.waitFor(answers);
          expect(await answers).toEqual(rows.map(sumOf));

          const batches = workers.flatMap(({ runs }) => runs);
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
          const worker = new SumWorker();
          const { queue, ask } = queueOf([worker], { maxBatch });
          // The first number of a row says when it came.
          await Promise.all(
            lengths.map((length, arrival) => ask([arrival + 1, ...new Array(length - 1).fill(1)])),
          );
          for (const batch of worker.runs) {
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
          new SumWorker(() => {
            if (failures.next().value) throw new Error("the worker thread ended with code 1");
          });
        const clock = new ManualClock();
        const { queue, ask } = queueOf([open()], { maxBatch: 4, open: async () => open(), clock });
        const outcomes = Promise.allSettled(rows.map((row) => ask(row)));
        let isDone = false;
        void outcomes.then(() => {
          isDone = true;
        });
        while (!isDone) {
          await settled();
          clock.advance(20); // far below the deadline, enough for the pauses between reopenings in the end
        }
        for (const [index, outcome] of (await outcomes).entries()) {
          if (outcome.status === "fulfilled") expect(outcome.value).toBe(sumOf(rows[index]!));
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
    const worker = new SumWorker();
    const { ask } = queueOf([worker]);
    expect(await Promise.all([ask([1]), ask([2, 3]), ask([4])])).toEqual([1, 5, 4]);
    expect(worker.runs).toEqual([[[1], [2, 3], [4]]]);
  });

  test("what waits is shared among idle workers", async () => {
    const workers = [new SumWorker(), new SumWorker()];
    const { ask } = queueOf(workers);
    await settled();
    await Promise.all([1, 2, 3, 4].map((value) => ask([value])));
    expect(workers.map(({ runs }) => runs)).toEqual([[[[1], [2]]], [[[3], [4]]]]);
  });

  test("with maxWaitMs the oldest waits that long for company, unless the batch is full before", async () => {
    const clock = new ManualClock();
    const worker = new SumWorker();
    const { ask } = queueOf([worker], { maxBatch: 3, maxWaitMs: 10, clock });
    const first = ask([1]);
    await settled();
    expect(worker.runs).toEqual([]);
    clock.advance(9);
    const second = ask([2]);
    await settled();
    expect(worker.runs).toEqual([]);
    clock.advance(1);
    expect(await Promise.all([first, second])).toEqual([1, 2]);
    expect(worker.runs).toEqual([[[1], [2]]]);

    expect(await Promise.all([[3], [4], [5]].map((row) => ask(row)))).toEqual([3, 4, 5]);
  });
});

describe("limits", () => {
  test("beyond the bound a request is refused at once and told when to come back", async () => {
    const { wait, open } = gate();
    const { queue, ask } = queueOf([new SumWorker(wait)], { maxQueued: 2 });
    const running = ask([1]);
    await settled();
    const waiting = [ask([2]), ask([3])];
    await expect(ask([4])).rejects.toMatchObject({ code: "overloaded", retryAfterSeconds: 1 });
    expect(queue.waiting).toBe(2);
    open();
    expect(await Promise.all([running, ...waiting])).toEqual([1, 2, 3]);
    expect(await ask([5])).toBe(5);
  });

  test("a request that would wait too long is refused; one batch may wait however long it takes", async () => {
    const clock = new ManualClock();
    const { wait, open } = gate();
    const options = { maxBatch: 2, maxQueuedMs: 100, firstMs: 30, deadlineMs: 150, clock };
    const { queue, ask } = queueOf([new SumWorker(wait)], options);
    const taken = [ask([1]), ask([2])];
    await settled();
    taken.push(ask([3]), ask([4])); // 90 and 120 ms: they fill the next batch
    expect(queue.waiting).toBe(2);
    await expect(ask([5])).rejects.toMatchObject({ code: "overloaded" });
    clock.advance(10); // the two that ran took 5 ms each, not 30
    open();
    expect(await Promise.all(taken)).toEqual([1, 2, 3, 4]);
  });

  test("at its deadline a request is refused, whether it waits or runs, and leaves no timer behind", async () => {
    const clock = new ManualClock();
    const { wait, open } = gate();
    const worker = new SumWorker(wait);
    const { queue, ask } = queueOf([worker], { deadlineMs: 100, clock });
    const running = ask([1]);
    await settled();
    const waiting = ask([2]);
    const outcomes = Promise.allSettled([running, waiting]);
    clock.advance(100);
    expect(await outcomes).toMatchObject([
      { reason: { code: "deadline-exceeded" } },
      { reason: { code: "deadline-exceeded" } },
    ]);
    expect(queue.waiting).toBe(0);
    expect(clock.pending).toBe(1); // for the worker itself, should it never come back
    open();
    expect(await ask([3])).toBe(3);
    expect(clock.pending).toBe(0);
    expect(worker.runs).toEqual([[[1]], [[3]]]);
  });
});

describe("a client that goes away", () => {
  test("frees its place, and what nobody waits for is not computed", async () => {
    const { wait, open } = gate();
    const worker = new SumWorker(wait);
    const { queue, ask } = queueOf([worker], { maxQueued: 1 });
    const running = ask([1]);
    await settled();
    const client = new AbortController();
    const waiting = ask([2], { signal: client.signal });
    await expect(ask([3])).rejects.toMatchObject({ code: "overloaded" });
    client.abort();
    await expect(waiting).rejects.toMatchObject({ code: "client-gone" });
    expect(queue.waiting).toBe(0);
    const next = ask([4]);
    open();
    expect(await Promise.all([running, next])).toEqual([1, 4]);
    expect(worker.runs).toEqual([[[1]], [[4]]]);
  });

  test("before it asked is not waited for", async () => {
    const { ask } = queueOf([new SumWorker()]);
    await expect(ask([1], { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "client-gone" });
  });
});

describe("a worker that ends", () => {
  test("is replaced, and its requests are answered by the new one", async () => {
    const crashed = new SumWorker(() => {
      throw new Error("the thread ended with code 1");
    });
    const fresh = new SumWorker();
    const { ask } = queueOf([crashed], { open: async () => fresh });
    expect(await Promise.all([ask([1]), ask([2])])).toEqual([1, 2]);
    expect(fresh.runs).toEqual([[[1]], [[2]]]);
  });

  test("while it had nothing to do is replaced before the next request", async () => {
    const idle = new SumWorker();
    const fresh = new SumWorker();
    const { ask } = queueOf([idle], { open: async () => fresh });
    await idle.close();
    await settled();
    expect(await ask([1])).toBe(1);
    expect(fresh.runs).toEqual([[[1]]]);
  });

  test("by one input that always ends it fails that request alone", async () => {
    const open = () =>
      new SumWorker((batch) => {
        if (batch.some(([value]) => value === 13)) throw new Error("crash");
      });
    const clock = new ManualClock();
    const { ask } = queueOf([open()], { open: async () => open(), clock });
    const outcomes = Promise.allSettled([[1], [13], [2]].map((row) => ask(row)));
    await settled();
    clock.advance(1000);
    expect(await outcomes).toMatchObject([{ value: 1 }, { reason: { code: "model-failed" } }, { value: 2 }]);
  });

  test("and cannot be opened again is tried at growing intervals, requests wait meanwhile", async () => {
    const clock = new ManualClock();
    let attempts = 0;
    const crashing = new SumWorker(() => {
      throw new Error("crash");
    });
    const { queue, ask } = queueOf([crashing], {
      clock,
      open: async () => {
        if (++attempts < 3) throw new Error("no memory");
        return new SumWorker();
      },
    });
    const answer = ask([7]);
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

  test("because it never comes back is given up, long after its requests were", async () => {
    const clock = new ManualClock();
    const stuck = new SumWorker(() => Promise.withResolvers<void>().promise);
    const fresh = new SumWorker();
    const { ask } = queueOf([stuck], { open: async () => fresh, clock, deadlineMs: 1000 });
    const lost = ask([1]);
    await settled();
    clock.advance(1000);
    await expect(lost).rejects.toMatchObject({ code: "deadline-exceeded" });
    clock.advance(60_000);
    await settled();
    expect(stuck.isClosed).toBe(true);
    expect(await ask([2])).toBe(2);
  });
});

describe("work that has a worker for itself", () => {
  test("runs once the oldest before it are answered", async () => {
    const worker = new SumWorker();
    const { queue, ask } = queueOf([worker]);
    const parts: number[] = [];
    const onPart = ({ answer }: { answer: number }) => void parts.push(answer);
    const first = ask([1]);
    const streamed = queue.alone((own) => own.stream([1, 2, 3], onPart, AbortSignal.any([])));
    expect(await Promise.all([first, streamed, ask([2])])).toEqual([1, { answered: { answer: 6 } }, 2]);
    expect(parts).toEqual([1, 3, 6]);
    expect(worker.runs).toEqual([[[1], [2]]]);
  });

  test("is tried again when its worker ended, unless it has said something already", async () => {
    const open = async () => new SumWorker();
    const ended = () => Promise.reject(new Error("the thread ended with code 1"));
    const { queue } = queueOf([new SumWorker()], { open });
    let attempts = 0;
    expect(await queue.alone(() => (++attempts === 1 ? ended() : Promise.resolve("done")))).toBe("done");
    await expect(queue.alone(ended, { mayRunAgain: () => false })).rejects.toMatchObject({
      code: "model-failed",
    });
  });
});

test("close refuses new requests, answers those it has taken, then closes the workers", async () => {
  const { wait, open } = gate();
  const worker = new SumWorker(wait);
  const { queue, ask } = queueOf([worker], { maxBatch: 1 });
  const taken = [ask([1]), ask([2])];
  const closed = queue.close();
  await expect(ask([3])).rejects.toMatchObject({ code: "closing" });
  expect(queue.isReady).toBe(false);
  expect(worker.isClosed).toBe(false);
  open();
  expect(await Promise.all(taken)).toEqual([1, 2]);
  await closed;
  expect(worker.isClosed).toBe(true);
});
