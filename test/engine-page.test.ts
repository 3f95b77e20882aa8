/** docs/engine.md names what there is, and nothing that there is not. */
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { CheckpointError, seq2seq, sequenceClassifier } from "../src/nn/index.ts";
import * as operators from "../src/tensor/operators/index.ts";

const page = await readFile(new URL("../docs/engine.md", import.meta.url), "utf8");

test("the table of operators is complete", () => {
  const table = page.slice(
    page.indexOf("| family | operators |"),
    page.indexOf("All of them have gradients"),
  );
  const named = [...table.matchAll(/\| `([^`]+)` \|$/gm)].flatMap(([, names]) => names!.split(" "));
  expect(named.sort()).toEqual(Object.keys(operators).sort());
});

test.each([
  ["of texts", () => sequenceClassifier({ model_type: "?" }, 2)],
  ["of pairs of texts", () => seq2seq({ model_type: "?" })],
])("the table of architectures has all models %s", (_what, create) => {
  const known = () => {
    try {
      create();
    } catch (error) {
      if (error instanceof CheckpointError) return error.message;
    }
    return "";
  };
  const [, list] = /must be one of (.*), got/.exec(known()) ?? [];
  for (const type of list!.split(", ")) expect(page).toContain(`| \`${type}\` |`);
});
