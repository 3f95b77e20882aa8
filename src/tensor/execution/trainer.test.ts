import { afterEach, describe, expect, test } from "vitest";
import { float32, int64, type NdArray, type NdArrays } from "../ndarray.ts";
import { add, crossEntropy, dropout, embedding, linear, mean } from "../operators/index.ts";
import { adamw, type OptimizerSettings, sgd } from "../optimizers.ts";
import { compile, compileTraining } from "../program.ts";
import { Buffer, input, Parameter } from "../tensor.ts";
import { TrainingPass } from "../training-pass.ts";
import { Trainer } from "./trainer.ts";
import { startTraining, type TrainingSession } from "./training-session.ts";

/** A bag of words: an embedding, dropout, a linear layer. */
const parameter = (shape: readonly number[]) => new Parameter(shape, () => new Float32Array());
const parameters = new Map([
  ["table", parameter([7, 5])],
  ["weight", parameter([3, 5])],
  ["bias", parameter([3])],
  ["unused", parameter([2])],
]);
const [table, weight, bias] = parameters.values() as unknown as [Parameter, Parameter, Parameter];
const ids = input("ids", "int64", ["batch", "sequence"]);
const labels = input("labels", "int64", ["batch"]);

function forward(pass?: TrainingPass) {
  const words = embedding(table, ids, { paddingIndex: 0 });
  const kept = pass ? dropout(words, pass.mask(words.shape, 0.4)) : words;
  const logits = linear(mean(kept, { axes: [1] }), weight, bias);
  return { logits, loss: crossEntropy(logits, labels) };
}

const weights = (): Map<string, NdArray<"float32">> =>
  new Map(
    [...parameters].map(([name, { shape }]) => {
      const size = shape.reduce((product, dim) => product * dim, 1);
      return [
        name,
        float32(
          shape,
          Array.from({ length: size }, (_, i) => Math.sin(i + name.length)),
        ),
      ];
    }),
  );

interface Options {
  optimizer?: OptimizerSettings;
  withDropout?: boolean;
  seed?: number;
  maxGradientNorm?: number;
  withoutDecay?: string[];
}

const options = ({ optimizer = adamw(), withDropout = true, seed = 1, ...rest }: Options = {}) => ({
  training: compileTraining(forward(withDropout ? new TrainingPass() : undefined).loss, { parameters }),
  evaluation: compile(forward(), { parameters }),
  parameters: weights(),
  optimizer,
  seed,
  ...rest,
});

const batch = (rows: readonly (readonly number[])[], targets: readonly number[]): NdArrays => ({
  ids: int64([rows.length, rows[0]!.length], rows.flat()),
  labels: int64([targets.length], targets),
});
const first = batch(
  [
    [1, 2, 3],
    [4, 0, 0],
    [5, 5, 6],
    [2, 6, 1],
  ],
  [0, 1, 2, 1],
);
const rate = { learningRate: 0.05 };

/** Every number of a session's state, in order. */
const numbers = async (session: TrainingSession | Trainer) => {
  const { parameters, slots } = await session.state();
  return [parameters, ...slots.values()].flatMap((arrays) =>
    [...arrays.values()].flatMap(({ data }) => [...data]),
  );
};

describe("a training session in a worker", () => {
  const open: TrainingSession[] = [];
  const start = async (given?: Options) => {
    const session = await startTraining(options(given));
    open.push(session);
    return session;
  };
  afterEach(async () => {
    await Promise.all(open.splice(0).map((session) => session.close()));
  });

  test("learns", async () => {
    const session = await start({ withDropout: false });
    const { loss } = await session.step([first], rate);
    for (let step = 0; step < 60; step++) await session.step([first], rate);
    expect((await session.step([first], rate)).loss).toBeLessThan(loss / 4);
    const { logits } = await session.evaluate(first);
    expect(logits!.shape).toEqual([4, 3]);
  });

  test("gives the same numbers for the same seed, others for another", async () => {
    const [one, same, other] = await Promise.all([start(), start(), start({ seed: 2 })]);
    for (const session of [one, same, other]) for (let i = 0; i < 3; i++) await session.step([first], rate);
    expect(await numbers(same)).toEqual(await numbers(one));
    expect(await numbers(other)).not.toEqual(await numbers(one));
  });

  test("continues from a state bit for bit, moments and dropout included", async () => {
    const [one, resumed] = await Promise.all([start(), start({ seed: 1 })]);
    for (let i = 0; i < 2; i++) await one.step([first], rate);
    await resumed.restore(await one.state());
    for (let i = 0; i < 3; i++)
      expect(await resumed.step([first], rate)).toEqual(await one.step([first], rate));
    expect(await numbers(resumed)).toEqual(await numbers(one));
  });

  test("refuses a state of another model", async () => {
    const session = await start();
    const state = await session.state();
    state.parameters.delete("bias");
    await expect(session.restore(state)).rejects.toThrow("the state lacks the parameter bias");
  });

  test("says which input is missing, and lives on", async () => {
    const session = await start();
    await expect(session.step([{ ids: first.ids! }], rate)).rejects.toThrow(
      "input labels is missing; the program takes ids, labels",
    );
    expect((await session.step([first], rate)).loss).toBeGreaterThan(0);
  });

  test("names a lookup outside of its table", async () => {
    const session = await start();
    await expect(session.step([batch([[1, 99, 2]], [0])], rate)).rejects.toThrow(
      "input ids must be within 0 and 6, the rows of table [7, 5]; got 99 at [0, 1]",
    );
  });
});

describe("a step", () => {
  const run = async (given: Options, ...steps: (readonly NdArrays[])[]) => {
    const trainer = await Trainer.start(options(given));
    const reports = [];
    for (const microBatches of steps) reports.push(await trainer.step(microBatches, rate));
    const state = trainer.state();
    await trainer.close();
    return { reports, state };
  };

  test("averages micro-batches to what one batch of all their rows gives", async () => {
    const halves = [
      batch(
        [
          [1, 2, 3],
          [4, 0, 0],
        ],
        [0, 1],
      ),
      batch(
        [
          [5, 5, 6],
          [2, 6, 1],
        ],
        [2, 1],
      ),
    ];
    const given = { withDropout: false, optimizer: sgd() };
    const whole = await run(given, [first], [first]);
    const split = await run(given, halves, halves);
    expect(split.reports[1]!.loss).toBeCloseTo(whole.reports[1]!.loss, 5);
    for (const [name, { data }] of whole.state.parameters)
      data.forEach((value, i) => {
        expect(split.state.parameters.get(name)!.data[i]).toBeCloseTo(value, 5);
      });
  });

  test("counts micro-batches by their weights, and runs none at all", async () => {
    const given = { withDropout: false, optimizer: sgd() };
    const rows = (...indices: number[]) => {
      const { ids, labels } = first as { ids: NdArray; labels: NdArray };
      const wordsOf = (row: number) => [...ids.data.slice(3 * row, 3 * row + 3)].map(Number);
      return batch(
        indices.map(wordsOf),
        indices.map((row) => Number(labels.data[row])),
      );
    };
    const whole = await run(given, [first]);
    const trainer = await Trainer.start(options(given));
    const shares = { ...rate, weights: [1.5, 0.5] };
    const { loss } = await trainer.step([rows(0, 1, 2), rows(3)], shares);
    expect(loss).toBeCloseTo(whole.reports[0]!.loss, 5);
    const state = trainer.state();
    for (const [name, { data }] of whole.state.parameters)
      data.forEach((value, i) => {
        expect(state.parameters.get(name)!.data[i]).toBeCloseTo(value, 5);
      });
    expect(await trainer.step([], rate)).toEqual({ loss: Number.NaN, gradientNorm: Number.NaN });
    await trainer.close();
  });

  test("draws other dropout masks in each of several processes, and the same in the first as alone", async () => {
    // Nobody else is there: what is of interest is what a process computes before it is summed up.
    const alone = { sum() {}, broadcast() {}, gather: () => [], barrier() {}, close() {} };
    const lossOf = async (place?: { rank: number; size: number }) => {
      const trainer = await Trainer.start(options(), place && { ...alone, ...place });
      const { loss } = await trainer.step([first], rate);
      await trainer.close();
      return loss;
    };
    const losses = [];
    for (const rank of [0, 1, 2]) losses.push(await lossOf({ rank, size: 3 }));
    expect(new Set(losses).size).toBe(3);
    expect(losses[0]).toBeCloseTo(await lossOf(), 6);
  });

  test("scales a long gradient down to the limit", async () => {
    const given = { withDropout: false, optimizer: sgd({ momentum: 0 }) };
    const free = await run(given, [first]);
    const norm = free.reports[0]!.gradientNorm;
    const clipped = await run({ ...given, maxGradientNorm: norm / 2 }, [first]);
    const start = weights().get("bias")!.data;
    const moved = (state: typeof free.state) =>
      state.parameters.get("bias")!.data.map((value, i) => value - start[i]!);
    moved(free.state).forEach((value, i) => {
      expect(moved(clipped.state)[i]).toBeCloseTo(value / 2, 6);
    });
  });

  test("moves neither the padding row nor a parameter that the loss does not use", async () => {
    const { state } = await run({ optimizer: sgd({ momentum: 0 }) }, [first]);
    expect(state.parameters.get("unused")).toEqual(weights().get("unused"));
    expect(state.parameters.get("table")!.data.slice(0, 5)).toEqual(weights().get("table")!.data.slice(0, 5));
    expect(state.parameters.get("table")!.data.slice(5, 10)).not.toEqual(
      weights().get("table")!.data.slice(5, 10),
    );
  });

  test("leaves chosen parameters out of the decay", async () => {
    const still = { ...rate, learningRate: 0 };
    const trainer = await Trainer.start(
      options({ optimizer: adamw({ weightDecay: 0.5 }), withoutDecay: ["bias"], withDropout: false }),
    );
    await trainer.step([first], still);
    expect(trainer.state().parameters.get("weight")).toEqual(weights().get("weight"));
    await trainer.step([first], { learningRate: 1e-30 });
    expect(trainer.state().parameters.get("bias")).toEqual(weights().get("bias"));
    await trainer.close();
  });

  test("whose gradient is not finite changes nothing", async () => {
    const trainer = await Trainer.start(options({ withDropout: false }));
    const state = trainer.state();
    state.parameters.get("weight")!.data[0] = Number.NaN;
    trainer.restore(state);
    const before = await numbers(trainer);
    expect(await trainer.step([first], rate)).toEqual({ loss: Number.NaN, gradientNorm: Number.NaN });
    expect(await numbers(trainer)).toEqual(before);
    await trainer.close();
  });

  test("trains neither frozen parameters nor keeps moments for them, and scales the rate of others", async () => {
    const given = options({ withDropout: false, optimizer: sgd({ momentum: 0 }) });
    const loss = forward().loss;
    const start = async (rateScales?: ReadonlyMap<string, number>) => {
      const training = compileTraining(loss, { parameters, frozen: new Set(["table"]) });
      const trainer = await Trainer.start({
        ...given,
        parameters: weights(),
        training,
        ...(rateScales && { rateScales }),
      });
      await trainer.step([first], rate);
      const state = trainer.state();
      await trainer.close();
      return state;
    };
    const [plain, scaled] = [await start(), await start(new Map([["bias", 3]]))];
    expect(plain.parameters.get("table")).toEqual(weights().get("table"));
    expect([...plain.slots.get("velocity")!.keys()]).toEqual(["weight", "bias"]);
    const initial = weights().get("bias")!.data;
    const moved = (state: typeof plain) =>
      state.parameters.get("bias")!.data.map((value, i) => value - initial[i]!);
    moved(plain).forEach((value, i) => {
      expect(moved(scaled)[i]).toBeCloseTo(3 * value, 6);
    });
    expect(scaled.parameters.get("weight")).toEqual(plain.parameters.get("weight"));
  });

  test("leaves in a buffer what the pass computed from the batches, in evaluation too", async () => {
    const seen = new Buffer([], () => new Float32Array());
    const named = new Map([...parameters, ["seen", seen]]);
    const pass = new TrainingPass();
    pass.update(seen, add(seen, mean(embedding(table, ids))));
    const trainer = await Trainer.start({
      ...options({ withDropout: false, optimizer: sgd() }),
      training: compileTraining(forward().loss, { parameters: named, updates: pass.updates }),
      evaluation: compile({ twice: add(seen, seen) }, { parameters: named }),
      parameters: new Map([...weights(), ["seen", float32([], [10])]]),
    });
    const words = weights().get("table")!.data;
    const average = [...(first.ids!.data as BigInt64Array)]
      .flatMap((id) => [...words.slice(5 * Number(id), 5 * Number(id) + 5)])
      .reduce((sum, value, _, all) => sum + value / all.length, 0);
    await trainer.step([first], { learningRate: 0 });
    expect((await trainer.evaluate({})).twice!.data[0]).toBeCloseTo(2 * (10 + average), 5);
    expect([...trainer.state().slots.get("velocity")!.keys()]).not.toContain("seen");
    await trainer.close();
  });
});
