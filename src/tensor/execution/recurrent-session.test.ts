import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { float32 } from "../ndarray.ts";
import { add, mul, sum } from "../operators/index.ts";
import { compile } from "../program.ts";
import { input } from "../tensor.ts";
import { openLocalRecurrent } from "./local-recurrent.ts";
import { openRecurrent, type RecurrentSession } from "./recurrent-session.ts";

// What is written now is scale x; the answer is its sum with all that was written before.
const cache = input("cache", "float32", ["batch", "length"]);
const written = mul(input("x", "float32", ["batch", 1]), input("scale", "float32", ["batch", 1]));
const answer = add(sum(cache, { axes: [1], keepDims: true }), written);
const program = compile({ written, answer }, { parameters: new Map() });

describe.each([
  ["a thread of its own", openRecurrent],
  ["the thread that calls", openLocalRecurrent],
] as const)("in %s", (_, open) => {
  let session: RecurrentSession;
  beforeAll(async () => {
    session = await open(program.bytes, { threads: 1 });
  });
  afterAll(() => session.close());

  const begin = ({ room = 4, scale = 1 } = {}) =>
    session.begin(
      { cache: float32([2, room]), scale: float32([2, 1], [scale, scale]) },
      { inputs: { written: "cache" }, axis: 1 },
    );
  const x = (first: number, second: number) => ({ x: float32([2, 1], [first, second]) });
  const answers = (first: number, second: number) => ({ answer: float32([2, 1], [first, second]) });

  test("a run sees what the runs before it have written", async () => {
    const sequence = await begin();
    expect(await sequence.run(x(1, 2), 0)).toEqual(answers(1, 2));
    expect(await sequence.run(x(10, 20), 1)).toEqual(answers(11, 22));
    expect(await sequence.run(x(100, 200), 2)).toEqual(answers(111, 222));
  });

  test("inputs that are no caches stay as they were given", async () => {
    const sequence = await begin({ scale: 10 });
    await sequence.run(x(1, 2), 0);
    expect(await sequence.run(x(3, 4), 1)).toEqual(answers(40, 60));
  });

  test("sequences under way at once do not mix", async () => {
    const [first, second] = [await begin(), await begin()];
    await Promise.all([first.run(x(1, 2), 0), second.run(x(5, 6), 0)]);
    expect(await Promise.all([first.run(x(10, 10), 1), second.run(x(10, 10), 1)])).toEqual([
      answers(11, 12),
      answers(15, 16),
    ]);
  });

  test("rows of the batch can leave, and change places", async () => {
    const sequence = await begin();
    await sequence.run(x(1, 2), 0);
    await sequence.keepRows([1, 0]);
    expect(await sequence.run(x(10, 20), 1)).toEqual(answers(12, 21));
    await sequence.keepRows([1]);
    expect((await sequence.run({ x: float32([1, 1], [100]) }, 2)).answer).toEqual(float32([1, 1], [121]));
  });

  test("full caches drop what is not needed, others in each row, and get more room", async () => {
    const sequence = await begin({ room: 2 });
    await sequence.run(x(1, 2), 0);
    await sequence.run(x(10, 20), 1);
    await expect(sequence.run(x(100, 200), 2)).rejects.toThrow(
      "[2, 1] does not fit into [2, 2] at place 2 of axis 1",
    );
    await sequence.keepPlaces([[1], [0]], 3);
    expect(await sequence.run(x(100, 200), 1)).toEqual(answers(110, 202));
    expect(await sequence.run(x(0, 0), 2)).toEqual(answers(110, 202));
  });

  test("what fails leaves the state as it was; what has ended is refused", async () => {
    const sequence = await begin();
    await sequence.run(x(1, 2), 0);
    await expect(sequence.run({ x: float32([3, 1]) }, 1)).rejects.toThrow("with batch = 3 as in x");
    await expect(sequence.run({}, 1)).rejects.toThrow("input x is missing");
    expect(await sequence.run(x(10, 20), 1)).toEqual(answers(11, 22));
    await sequence.end();
    await expect(sequence.run(x(1, 2), 2)).rejects.toThrow("the sequence of runs has ended");
  });

  test("what is no model is refused", async () => {
    await expect(open(new Uint8Array(4))).rejects.toThrow("is not a model that ONNX Runtime can load");
  });
});
