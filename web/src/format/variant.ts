/** How a smaller variant of a version was made, as `int8 of version 1`; undefined for what was trained. */
export function describeVariant(tags: Readonly<Record<string, string>>): string | undefined {
  const original = tags["havn.derived_from"];
  if (original === undefined) return undefined;
  const sparsity = Number(tags["havn.sparsity"] ?? 0);
  const zeros = sparsity > 0 ? `, ${Number((sparsity * 100).toFixed(2))} % zeros` : "";
  return `${tags["havn.precision"] ?? "variant"}${zeros} of version ${original}`;
}
