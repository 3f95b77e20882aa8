import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { createSchedule, type ScheduleSettings, scheduleSchema } from "./schedules.ts";

const golden = new URL("../../../shared/goldens/models/lr_schedules.json", import.meta.url);
if (!existsSync(golden)) console.warn(`skipped: the golden schedules are not at ${golden.pathname}`);

const fileSchema = z.object({
  schedules: z.array(
    z.object({
      name: z.enum(["linear", "cosine", "constant_with_warmup", "polynomial", "step_lr", "exponential"]),
      warmup: z.number().default(0),
      total: z.number().default(10),
      num_cycles: z.number().default(0.5),
      lr_end: z.number().default(0),
      power: z.number().default(1),
      step_size: z.number().default(1),
      gamma: z.number().default(1),
      values: z.array(z.number()),
    }),
  ),
});
type Golden = z.infer<typeof fileSchema>["schedules"][number];

function settingsOf({ name, ...golden }: Golden): ScheduleSettings {
  const warmUp = { steps: golden.warmup };
  switch (name) {
    case "linear":
      return { name, warmUp };
    case "cosine":
      return { name, warmUp, cycles: golden.num_cycles };
    case "constant_with_warmup":
      return { name: "constant", warmUp };
    case "polynomial":
      return { name, warmUp, power: golden.power, end: golden.lr_end };
    case "step_lr":
      return { name: "step", stepSize: golden.step_size, gamma: golden.gamma };
    case "exponential":
      return { name, gamma: golden.gamma };
  }
}

describe.skipIf(!existsSync(golden))("golden schedules", () => {
  const { schedules } = existsSync(golden)
    ? fileSchema.parse(JSON.parse(readFileSync(golden, "utf8")))
    : { schedules: [] };

  test.each(schedules)("$name, warm-up $warmup of $total", (golden) => {
    const schedule = createSchedule(settingsOf(golden), golden.total);
    golden.values.forEach((value, step) => {
      expect(schedule(step), `step ${step}`).toBeCloseTo(value, 12);
    });
  });
});

test("a warm-up may be a share of all steps", () => {
  const byRatio = createSchedule({ name: "linear", warmUp: { ratio: 0.2 } }, 25);
  const bySteps = createSchedule({ name: "linear", warmUp: { steps: 5 } }, 25);
  for (let step = 0; step < 25; step++) expect(byRatio(step)).toBe(bySteps(step));
});

test("a warm-up cannot be both a number and a share", () => {
  const both = { name: "linear", warmUp: { steps: 5, ratio: 0.1 } };
  expect(scheduleSchema.safeParse(both).success).toBe(false);
});
