/** Ending trials that fall behind. */
import type { EarlyTermination, Metric } from "./definition.ts";

/**
 * Whether a trial should end now, as W&B's hyperband decides: at each bracket (after 3, 9, 27, ... evaluations) a trial
 * goes on when its value there is among the best 1/eta of all trials that got so far. Trials come one after another,
 * so the first few of a bracket always go on (successive halving without waiting: Li et al. 2018, "Hyperband", and
 * Li et al. 2020, "A system for massively parallel hyperparameter tuning", algorithm 2).
 *
 * @param history values of the metric after each evaluation of the trial, the newest last
 * @param others  the same of all other trials, whether they go on or have ended
 */
export function isHopeless(
  history: readonly number[],
  others: readonly (readonly number[])[],
  { brackets, eta }: EarlyTermination,
  { goal }: Pick<Metric, "goal">,
): boolean {
  if (!brackets.includes(history.length)) return false;
  const sign = goal === "maximize" ? -1 : 1;
  const at = history.length - 1;
  const loss = (values: readonly number[]): number => {
    const value = values[at];
    if (value === undefined) return Number.NaN;
    return Number.isNaN(value) ? Number.POSITIVE_INFINITY : sign * value;
  };
  const own = loss(history);
  const losses = [own, ...others.map(loss).filter((value) => !Number.isNaN(value))].sort((a, b) => a - b);
  return own > losses[Math.floor(losses.length / eta)]!;
}
