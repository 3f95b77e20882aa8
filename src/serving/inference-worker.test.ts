import { afterEach, describe, expect, test } from "vitest";
import { float32 } from "../tensor/index.ts";
import { type InferenceWorker, openInferenceWorker } from "./inference-worker.ts";
import { filmSource, type Review, type Sentiment } from "./testing/film-servable.ts";

let open: InferenceWorker<Review, Sentiment>[] = [];
const openWorker = async (source = filmSource) => {
  const worker = await openInferenceWorker<Review, Sentiment>(source, { threads: 1, heapMb: 64 });
  open.push(worker);
  return worker;
};
afterEach(async () => {
  await Promise.all(open.map((worker) => worker.close()));
  open = [];
});

const answer = (label: string) => ({ answered: expect.objectContaining({ label }) });

describe("a worker", () => {
  test("answers a batch, each input for itself: those at fault cost the others nothing", async () => {
    const worker = await openWorker();
    const texts = ["good", "unreadable", "so dull", "throw"];
    const outcomes = await worker.answer(texts.map((text) => ({ text })));
    expect(outcomes).toEqual([
      answer("positive"),
      { refusal: expect.objectContaining({ code: "unreadable-input", got: "scrawl" }) },
      answer("negative"),
      {
        refusal: expect.objectContaining({ code: "model-failed", cause: expect.stringContaining("secret") }),
      },
    ]);
  });

  test("runs the model on tensors as they are, and says what is wrong with them", async () => {
    const worker = await openWorker();
    expect(await worker.run({ words: float32([2, 2], [1, 2, 3, 4]) })).toEqual({
      tensors: { score: float32([2], [3, 7]) },
    });
    expect(await worker.run({})).toMatchObject({
      refusal: { code: "invalid-input", message: expect.stringContaining("input words is missing") },
    });
  });

  test("answers in parts, and stops when nobody waits for the rest", async () => {
    const worker = await openWorker();
    const scores: number[] = [];
    const client = new AbortController();
    const outcome = await worker.stream(
      { text: "good bad dull" },
      ({ probabilities }) => void scores.push(probabilities![1]!),
      client.signal,
    );
    expect(scores.map((score) => score > 0.5)).toEqual([true, false, false]);
    expect(outcome).toEqual(answer("negative"));
    let parts = 0;
    const stopped = await worker.stream(
      { text: "good forever" },
      () => {
        if (++parts === 3) client.abort();
      },
      client.signal,
    );
    expect(stopped).toMatchObject({ refusal: { cause: expect.stringContaining("nobody waits") } });
    expect(await worker.answer([{ text: "good" }])).toEqual([answer("positive")]);
  });

  test.each(["exit", "exhaust"])(
    "that ends by %s rejects what is under way and all that comes",
    async (text) => {
      const worker = await openWorker();
      const outcome = worker.answer([{ text }]);
      await expect(outcome).rejects.toThrow();
      await expect(worker.answer([{ text: "good" }])).rejects.toThrow();
      expect(await worker.ended).toBeInstanceOf(Error);
    },
    60_000,
  );
});

test("what cannot be opened says why", async () => {
  const nowhere = { module: new URL("./nowhere.ts", import.meta.url).href, options: {} };
  await expect(openWorker(nowhere)).rejects.toThrow("nowhere.ts");
});
