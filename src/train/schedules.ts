/** How the learning rate changes over a run, as multipliers of the base rate; definitions as in transformers and torch.optim. */
import { z } from "zod";

/** Multiplier of the base learning rate at step i = 0, 1, ... (the value in force while the step runs). */
export type Schedule = (step: number) => number;

const warmUp = z.union([
  z.strictObject({ steps: z.int().nonnegative() }),
  z.strictObject({ ratio: z.number().min(0).max(1) }),
]);

/** A schedule as the configuration names it. `warmUp` is a number of steps or a share of all steps, from 0 up to the full rate. */
export const scheduleSchema = z.discriminatedUnion("name", [
  z.strictObject({ name: z.literal("constant"), warmUp: warmUp.exactOptional() }),
  z.strictObject({ name: z.literal("linear"), warmUp: warmUp.exactOptional() }),
  z.strictObject({
    name: z.literal("cosine"),
    warmUp: warmUp.exactOptional(),
    /** Waves; half a wave ends at 0. */
    cycles: z.number().positive().exactOptional(),
  }),
  z.strictObject({
    name: z.literal("polynomial"),
    warmUp: warmUp.exactOptional(),
    power: z.number().positive().exactOptional(),
    /** Multiplier at the end. */
    end: z.number().min(0).max(1).exactOptional(),
  }),
  z.strictObject({ name: z.literal("step"), stepSize: z.int().positive(), gamma: z.number().positive() }),
  z.strictObject({ name: z.literal("exponential"), gamma: z.number().positive() }),
]);
export type ScheduleSettings = z.infer<typeof scheduleSchema>;

/** The schedule that the settings name, for a run of `totalSteps` optimizer steps. */
export function createSchedule(settings: ScheduleSettings, totalSteps: number): Schedule {
  if (settings.name === "step") return (step) => settings.gamma ** Math.floor(step / settings.stepSize);
  if (settings.name === "exponential") return (step) => settings.gamma ** step;
  const { warmUp = { steps: 0 } } = settings;
  const warmUpSteps = "steps" in warmUp ? warmUp.steps : Math.ceil(warmUp.ratio * totalSteps);
  const decay = decayOf(settings);
  return (step) => {
    if (step < warmUpSteps) return step / warmUpSteps;
    const decaySteps = Math.max(1, totalSteps - warmUpSteps);
    return decay((step - warmUpSteps) / decaySteps, (totalSteps - step) / decaySteps);
  };
}

/** The multiplier by the share of the steps after the warm-up that are done, and the share that is left. */
function decayOf(
  settings: Extract<ScheduleSettings, { warmUp?: unknown }>,
): (done: number, left: number) => number {
  switch (settings.name) {
    case "constant":
      return () => 1;
    case "linear":
      return (_, left) => Math.max(0, left);
    case "cosine": {
      const { cycles = 0.5 } = settings;
      return (done) => Math.max(0, 0.5 * (1 + Math.cos(2 * Math.PI * cycles * done)));
    }
    case "polynomial": {
      const { power = 1, end = 0 } = settings;
      return (done) => (done > 1 ? end : (1 - end) * (1 - done) ** power + end);
    }
  }
}
