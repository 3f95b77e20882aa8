import type { Promotion } from "../tasks/index.ts";

/** What became of a version that was to be promoted if it is better. */
export function describePromotion(
  { name, version }: { readonly name: string; readonly version: number },
  metric: string,
  { promoted, value, incumbent }: Promotion,
): string {
  const own = `${metric} ${value.toPrecision(4)}`;
  const before = printedValue(incumbent);
  if (promoted)
    return `version ${version} of ${name} is promoted: ${own}${incumbent ? `, before ${before}` : ""}`;
  if (!incumbent) return `version ${version} of ${name} is what is served: ${own}`;
  const stays = `version ${version} of ${name} is registered, but version ${incumbent.version} stays:`;
  if (incumbent.isOfOtherRows)
    return `${stays} it was judged on other validation rows, so that ${own} and ${before} cannot be compared. To serve it:\n  npx havn models promote ${name} ${version}`;
  return `${stays} ${own} is not better than ${before}`;
}

/** What became of the best of all runs, of which `version` was made or had been before. */
export function describeBest(
  version: { readonly name: string; readonly version: number },
  metric: string,
  promotion: Promotion,
): string {
  const { promoted, value, incumbent } = promotion;
  const { name, version: number } = version;
  const own = `${metric} ${value.toPrecision(4)}`;
  if (promoted) return `version ${number} of ${name} is promoted: ${own} is the best of all runs`;
  if (!incumbent) return `version ${number} of ${name} is served already: ${own} is the best of all runs`;
  if (incumbent.isOfOtherRows) return describePromotion(version, metric, promotion);
  return `version ${incumbent.version} of ${name} stays: ${own} is the best of all other runs, ${printedValue(incumbent)} is served`;
}

const printedValue = (incumbent: Promotion["incumbent"]): string =>
  incumbent?.value?.toPrecision(4) ?? "one that was never measured";
