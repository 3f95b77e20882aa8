import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";

const folder = await mkdtemp(join(tmpdir(), "havn-telemetry-"));
afterAll(() => rm(folder, { recursive: true }));

test("ONNX Runtime writes down nothing that it would send, in the first thread or another", async () => {
  const program = `
    import { openInference, openLocalInference } from ${JSON.stringify(new URL("../index.ts", import.meta.url))};
    for (const open of [openInference, openLocalInference])
      await open(new Uint8Array([1])).then(() => process.exit(2), (error) => console.log(error.message));`;
  // It is silent where CI is set, and keeps what it has not sent yet in these folders.
  const { CI: _, ORT_DISABLE_TELEMETRY: __, ...env } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program], {
    env: { ...env, TMPDIR: folder, HOME: folder, XDG_CACHE_HOME: folder },
  });
  expect(stdout.trim().split("\n"), stdout).toHaveLength(2);
  expect(await readdir(folder)).toEqual([]);
});
