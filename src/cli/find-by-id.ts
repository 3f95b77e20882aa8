/** What a person names by an id; where there is none, it is said where ids are found. */
import { resolve } from "node:path";
import { shellQuote } from "../config/index.ts";
import { type Run, StoreError, type Tracker } from "../tracking/index.ts";
import { type Context, usualHome } from "./context.ts";

type Place = Pick<Context, "home">;

/** @throws {StoreError} `not-found`, with where runs are listed */
export function findRun(store: Tracker, runId: string, place: Place): Promise<Run> {
  const home = homeOf(place);
  const where = `Those of a model's versions are named by npx havn models show NAME${home}, all of them by the pages of npx havn up${home}`;
  return store.getRun(runId).catch(sayWhere(where));
}

/**
 * What is done with a sweep that was named.
 * @throws {StoreError} `not-found`, with where sweeps are listed
 */
export function ofSweep<Result>(work: Promise<Result>, place: Place): Promise<Result> {
  const home = homeOf(place);
  const where = `They are listed by npx havn sweep list${home} and by the pages of npx havn up${home}`;
  return work.catch(sayWhere(where));
}

const sayWhere = (where: string) => (error: unknown) => {
  if (!(error instanceof StoreError && error.code === "not-found")) throw error;
  const elsewhere = "; another place is named by --home DIR or MLFLOW_TRACKING_URI";
  throw new StoreError(error.code, error.subject, `${error.message}.\n${where}${elsewhere}`, {
    cause: error,
  });
};

const homeOf = ({ home }: Place): string =>
  home === resolve(usualHome()) ? "" : ` --home ${shellQuote(home)}`;
