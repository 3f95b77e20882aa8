/** Multiplier of the base learning rate at step i = 0, 1, ... (the value in force while the step runs). */
export type Schedule = (step: number) => number;
/** Steps in which the multiplier rises from 0 to 1: a number of them, or a share of all steps. */
export type WarmUp = { readonly steps: number } | { readonly ratio: number };
/** A schedule as the configuration names it. */
export type ScheduleSettings =
  | { readonly name: "constant"; readonly warmUp?: WarmUp }
  | { readonly name: "linear"; readonly warmUp?: WarmUp }
  | { readonly name: "cosine"; readonly warmUp?: WarmUp; readonly cycles?: number }
  | { readonly name: "polynomial"; readonly warmUp?: WarmUp; readonly power?: number; readonly end?: number }
  | { readonly name: "step"; readonly stepSize: number; readonly gamma: number }
  | { readonly name: "exponential"; readonly gamma: number };
/** The schedule that the settings name, for a run of `totalSteps`. */
export function createSchedule(settings: ScheduleSettings, totalSteps: number): Schedule {
  throw new Error(`not written yet: ${settings.name} ${totalSteps}`);
}
