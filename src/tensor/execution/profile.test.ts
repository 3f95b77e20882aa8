import { expect, test } from "vitest";
import { float32 } from "../ndarray.ts";
import { matmul, sumOfSquares } from "../operators/index.ts";
import { adamw } from "../optimizers.ts";
import { compile, compileTraining } from "../program.ts";
import { input, Parameter } from "../tensor.ts";
import { chromeTrace } from "./chrome-trace.ts";
import { operatorCosts } from "./operator-costs.ts";
import { type Span, Trace, traceClock } from "./trace.ts";
import { startTraining } from "./training-session.ts";

const x = input("x", "float32", ["batch", 3]);
const weight = new Parameter([3, 2], () => new Float32Array());
const parameters = new Map([["weight", weight]]);
const loss = sumOfSquares(matmul(x, weight));

/** What a session of a few steps and an evaluation tells, and when it was. */
async function profileOf(steps: number) {
  const session = await startTraining({
    training: compileTraining(loss, { parameters }),
    evaluation: compile({ loss }, { parameters }),
    parameters: new Map([["weight", float32([3, 2], [1, 2, 3, 4, 5, 6])]]),
    optimizer: adamw(),
    seed: 1,
    profile: true,
  });
  try {
    const inputs = { x: float32([4, 3], new Array(12).fill(1)) };
    const began = traceClock();
    for (let i = 0; i < steps; i++) await session.step([inputs], { learningRate: 0.1 });
    await session.evaluate(inputs);
    return { began, ended: traceClock(), spans: await session.profile() };
  } finally {
    await session.close();
  }
}

const named = (spans: readonly Span[], wanted: string) => spans.filter(({ name }) => name === wanted);
const within = (inner: Span, outer: Span) =>
  // The clocks are the same, the microseconds of ONNX Runtime are whole ones.
  inner.start >= outer.start - 0.01 &&
  inner.start + inner.durationMs <= outer.start + outer.durationMs + 0.01;

test("phases and kernels stand on one time axis", async () => {
  const { began, ended, spans } = await profileOf(3);
  for (const { start, durationMs } of spans) {
    expect(start).toBeGreaterThanOrEqual(began - 0.01);
    expect(start + durationMs).toBeLessThanOrEqual(ended + 0.01);
  }
  const passes = named(spans, "forward+backward");
  const updates = named(spans, "update");
  expect([passes.length, updates.length]).toEqual([3, 3]);
  const kernels = spans.filter(({ track }) => track === "kernels of training");
  for (const kernel of kernels)
    expect(passes.filter((pass) => within(kernel, pass))).toEqual([passes[Number(kernel.details!.run) - 1]]);
  const product = named(kernels, "FusedMatMul").concat(named(kernels, "MatMul"))[0]!;
  expect(product.details).toMatchObject({ run: 1, inputs: expect.stringContaining("float[4, 3]") });
  expect(spans.some(({ track }) => track === "kernels of evaluation")).toBe(true);
});

test("the kernels of the first ten passes are kept, and the phases of all", async () => {
  const { spans } = await profileOf(12);
  const runs = spans.flatMap(({ track, details }) => (track === "kernels of training" ? [details!.run] : []));
  expect(Math.max(...runs.map(Number))).toBe(10);
  expect(named(spans, "update")).toHaveLength(12);
});

const span = (name: string, start: number, durationMs: number, kind: Span["kind"] = "kernel"): Span => ({
  ...{ kind, name, start, durationMs },
  track: `${kind}s`,
});

test("operators are added up, the most expensive first", () => {
  const spans = [span("Add", 0, 1), span("Gemm", 1, 6), span("Add", 7, 1), span("update", 9, 50, "phase")];
  expect(operatorCosts(spans)).toEqual([
    { operator: "Gemm", share: 0.75, calls: 1, totalMs: 6 },
    { operator: "Add", share: 0.25, calls: 2, totalMs: 2 },
  ]);
});

test("a trace begins at its first span and names its lines", () => {
  const text = chromeTrace([span("data", 1000.5, 2, "phase"), span("Gemm", 1000, 0.25)]);
  const { traceEvents } = JSON.parse(text) as { traceEvents: Record<string, unknown>[] };
  expect(traceEvents.filter(({ ph }) => ph === "M").map(({ args }) => args)).toEqual([
    { name: "phases" },
    { sort_index: 0 },
    { name: "kernels" },
    { sort_index: 1 },
  ]);
  expect(traceEvents.filter(({ ph }) => ph === "X")).toEqual([
    { ph: "X", cat: "phase", name: "data", pid: 1, tid: 0, ts: 500, dur: 2000, args: {} },
    { ph: "X", cat: "kernel", name: "Gemm", pid: 1, tid: 1, ts: 0, dur: 250, args: {} },
  ]);
});

test("a trace keeps the first spans alone, and those of work that fails too", async () => {
  const trace = new Trace("training", { limit: 2 });
  await expect(trace.time("data", () => Promise.reject(new Error("lost")))).rejects.toThrow("lost");
  expect(await trace.time("step", () => 7)).toBe(7);
  await trace.time("step", () => 8);
  expect(trace.spans.map(({ name }) => name)).toEqual(["data", "step"]);
});
