import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { printFilter } from "../search/filter.ts";
import type { Given } from "./given.ts";

/** Texts that break what builds SQL, paths or objects from them. */
const hostileTexts = [
  "'; drop table runs; --",
  '" or 1 = 1',
  "` or 1 = 1 --",
  "%_*?[a-z]",
  "\\'",
  "?1 $1 :name @name",
  "__proto__",
  "constructor",
  "æøå 日本 🚢",
  "line\nbreak",
  "../../etc/passwd",
];

/** What holds for text that means something to SQL, to paths or to JavaScript. */
export function hostileTextContract(given: Given): void {
  describe("hostile text", () => {
    test.each(hostileTexts)("%j is a name and a value like others", async (text) => {
      const key = given.key(text);
      const run = await given.newRun(text, { params: { [key]: text }, tags: { [key]: text } });
      await given.store.logBatch(run.runId, { metrics: [{ key, value: 1, timestamp: 1, step: 1 }] });
      await given.store.logDataset(run.runId, { name: text, digest: text, source: text });
      const read = await given.store.getRun(run.runId);
      expect(Object.entries(read.params)).toEqual([[key, text]]);
      expect(Object.entries(read.tags)).toContainEqual([key, text]);
      expect(Object.keys(read.metrics)).toEqual([key]);
      for (const [entity, comparator] of [
        ["param", "="],
        ["tag", "LIKE"],
        ["dataset", "="],
      ] as const) {
        const value = comparator === "LIKE" ? "%" : text;
        const name = entity === "dataset" ? "name" : key;
        const filter = printFilter([{ entity, key: name, comparator, value }]);
        expect(await given.found({ filter })).toEqual([text]);
      }
      const ordered = { orderBy: [`params.\`${key.replaceAll("`", "``")}\` DESC`] };
      expect(await given.found(ordered)).toEqual([text]);
      expect(await given.store.getExperimentByName(text)).toBeUndefined();
      const experiment = await given.store.createExperiment(text);
      expect(await given.store.getExperimentByName(text)).toEqual(experiment);
      expect(await given.store.getExperiment("0")).toMatchObject({ name: "Default" });
    });

    test("LIKE takes everything but % and _ literally", async () => {
      const run = await given.newRun("target");
      const text = fc
        .string({ unit: "grapheme", minLength: 1, maxLength: 8 })
        .filter((value) => !/[%_\0]/.test(value));
      await fc.assert(
        fc.asyncProperty(text, text, async (middle, other) => {
          await given.store.logBatch(run.runId, { tags: { value: `<${middle}>` } });
          const like = (value: string) =>
            given.found({
              filter: printFilter([{ entity: "tag", key: "value", comparator: "LIKE", value }]),
            });
          expect(await like(`%${middle}%`)).toEqual(["target"]);
          expect(await like(`_${middle}_`)).toEqual(["target"]);
          expect(await like(`<${other}>`)).toEqual(other === middle ? ["target"] : []);
        }),
        { numRuns: 60 },
      );
    });
  });
}
