/** The TypeScript in the documentation runs as it stands there. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const docs = fileURLToPath(new URL("../docs/", import.meta.url));
const examples = readdirSync(docs)
  .filter((file) => file.endsWith(".md"))
  .flatMap((file) => {
    const text = readFileSync(`${docs}${file}`, "utf8");
    return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code], i) => ({
      name: `${file} ${i + 1}`,
      code: code!,
    }));
  });

test("there are examples", () => {
  expect(examples.length).toBeGreaterThan(0);
});

test.each(examples)("$name", async ({ name, code }) => {
  // Paths of imports are relative to the folder of the page, so that is where the file must lie for a moment.
  const file = `${docs}.example-${process.pid}-${name.replace(/\W+/g, "-")}.ts`;
  await writeFile(file, code);
  try {
    await expect(promisify(execFile)(process.execPath, [file])).resolves.toMatchObject({ stderr: "" });
  } finally {
    await rm(file);
  }
});
