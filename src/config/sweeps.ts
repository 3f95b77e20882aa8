/**
 * Expands overrides with several values (`epochs=1,3`, `lr=choice(1e-4,1e-5)`, `seed=range(0,3)`, `model=glob(*)`)
 * into the overrides of each run: their cartesian product, the last one varying fastest.
 *
 * @throws {ConfigError} when an override cannot be read, or its values cannot be counted (`interval`)
 */
export function expandSweeps(
  overrides: readonly string[],
  { folder }: { /** Where `glob` finds the choices of a group. */ readonly folder?: string | undefined } = {},
): string[][] {
  throw new Error(`expandSweeps(${overrides}) comes next: ${folder}`);
}
