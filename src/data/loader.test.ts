import { afterEach, describe, expect, test } from "vitest";
import { type Batch, type Loader, type LoadingOptions, openLoader } from "./loader.ts";
import { wordSource, words } from "./testing/words.ts";

const alphabet = "abcdefghijklmnopqrstuvwxyz";
/** Words of one to seven letters, in lower case. */
const rows = Array.from({ length: 600 }, (_, i) => alphabet.slice(i % 19, (i % 19) + 1 + (i % 7)));
const groups = Array.from({ length: 30 }, (_, i) => [i, i + 7, (i * 19) % 600]);

const opened: Loader<string>[] = [];
afterEach(async () => {
  for (const loader of opened.splice(0)) await loader.close();
});

function load(
  splits: Record<string, readonly string[]>,
  { streamed, ...options }: LoadingOptions & { readonly streamed?: true } = {},
): Loader<string> {
  const kind = streamed ? { streamed } : {};
  const loader = openLoader(words(kind), splits, { source: wordSource(kind), seed: 5, ...options });
  opened.push(loader);
  return loader;
}

/** Batches as plain data. */
async function plain(batches: AsyncIterable<Batch>) {
  const all: { rows: readonly number[]; letters: (number | bigint)[] }[] = [];
  for await (const { rows, inputs } of batches) all.push({ rows, letters: [...inputs.letters!.data] });
  return all;
}

describe.each([{ workers: 0 }, { workers: 1 }, { workers: 3 }])("$workers workers", ({ workers }) => {
  test("kept examples have their lengths and come in the order of the groups", async () => {
    const loader = load({ train: rows }, { workers });
    expect(await loader.lengths("train")).toEqual(rows.map(({ length }) => length));
    const batches = await plain(loader.batches("train", groups));
    expect(batches.map(({ rows }) => rows)).toEqual(groups);
    expect(batches[1]!.letters).toEqual([2, 3, 0, 0, 0, 0, 9, 10, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6]);
  });

  test("streamed examples change with the epoch alone, whoever prepares them", async () => {
    const loader = load({ train: rows }, { workers, streamed: true });
    expect(await loader.lengths("train")).toEqual(rows.map(() => 1));
    const epoch = (epoch: number) => plain(loader.batches("train", groups, { epoch }));
    const alone = load({ train: rows }, { workers: 0, streamed: true });
    const first = await epoch(1);
    expect(first).toEqual(await plain(alone.batches("train", groups, { epoch: 1 })));
    expect(first).toEqual(await epoch(1));
    expect(first).not.toEqual(await epoch(2));
    // The second half alone, as a resumed run asks for it.
    expect(await plain(loader.batches("train", groups.slice(15), { epoch: 1 }))).toEqual(first.slice(15));
    const unchanged = await plain(loader.batches("train", groups.slice(0, 1)));
    expect(unchanged[0]!.letters).toEqual([1, 8, 1]);
  });

  test.each([{}, { streamed: true as const }])("a row that cannot be prepared is named: %o", async (kind) => {
    const loader = load({ validation: [...rows.slice(0, 300), "?"] }, { workers, ...kind });
    const loaded = loader.lengths("validation").then(() => plain(loader.batches("validation", [[0], [300]])));
    await expect(loaded).rejects.toThrowErrorMatchingInlineSnapshot(`
      [DataError: row 300 of the validation split (counted from 0) cannot be prepared: there are no letters in ?
      Mend or remove it.]
    `);
  });
});

test("workers prepare, and the main thread where there are none", async () => {
  const letters = async (workers: number, streamed: boolean) => {
    const loader = load({ train: ["A", "B"] }, { workers, ...(streamed && { streamed }) });
    return (await plain(loader.batches("train", [[1, 0]])))[0]!.letters;
  };
  expect(await letters(2, true)).toEqual([102, 101]);
  expect(await letters(2, false)).toEqual([102, 101]);
  expect(await letters(0, true)).toEqual([2, 1]);
});

test("little work starts no threads", async () => {
  const loader = load({ train: ["A"] }, { streamed: true });
  expect((await plain(loader.batches("train", [[0]])))[0]!.letters).toEqual([1]);
});

test("a worker that dies is told of", async () => {
  const loader = load({ train: ["a", "end", "b"] }, { workers: 1, streamed: true });
  await expect(plain(loader.batches("train", [[0], [1], [2]]))).rejects.toThrowErrorMatchingInlineSnapshot(`
    [DataError: a worker thread could not prepare rows: the worker thread ended with code 3
    With 0 workers rows are prepared in the main thread.]
  `);
});

test("a source that no thread can open is told of", async () => {
  const source = wordSource({ opening: "fails" });
  const loader = load({ train: ["a"] }, { workers: 2, source });
  await expect(loader.lengths("train")).rejects.toThrow(
    /^a worker thread could not open .*words\.ts: there is no dictionary\nWith 0 workers/,
  );
});

test("a signal ends the preparation of rows that are kept", async () => {
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(load({ train: rows }, { workers: 0 }).lengths("train", { signal })).rejects.toThrow("enough");
});

test("random changes of examples that are kept are refused", () => {
  const loadable = { ...words(), prepareForTraining: words().prepare };
  expect(() => openLoader(loadable, { train: [] }, { seed: 1 })).toThrowErrorMatchingInlineSnapshot(
    `[DataError: prepareForTraining changes examples anew in each epoch, so its task must be \`streamed: true\`]`,
  );
});
