import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  generationConfig,
  readGenerationConfig,
  saveGenerationConfig,
  searchOptions,
} from "./generation-config.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "havn-generation-config-"));
});
afterAll(() => rm(folder, { recursive: true }));

const special = { decoder_start_token_id: 0, eos_token_id: 1, pad_token_id: 0 };

test("what is read is what was saved, keys of others included", async () => {
  const config = generationConfig.parse({
    ...special,
    num_beams: 4,
    max_length: 64,
    transformers_version: "5",
  });
  await saveGenerationConfig(folder, config);
  expect(await readGenerationConfig(folder)).toEqual(config);
  expect(searchOptions(config)).toEqual({
    tokens: { start: 0, end: 1, padding: 0 },
    options: {
      ...{ beams: 4, maxLength: 64, minLength: 0, lengthPenalty: 1 },
      ...{ earlyStopping: false, noRepeatNgramSize: 0 },
    },
  });
});

test("a value that no search can follow is refused with its key", async () => {
  const file = join(folder, "generation_config.json");
  await writeFile(file, JSON.stringify({ ...special, num_beams: 0 }));
  await expect(readGenerationConfig(folder)).rejects.toThrow(/generation_config\.json.*num_beams/s);
});
