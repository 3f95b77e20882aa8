/** Havn starts where the shell's own Node is too old for it, and under the name that people type. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { havn, startHavn } from "../src/cli/testing/havn-process.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const program = join(root, "bin", "havn.js");
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };

/** Folders of the shell's own programs: npm puts those of the packages in front of them. */
const ownPath = (process.env.PATH ?? "")
  .split(delimiter)
  .filter((folder) => !folder.includes("node_modules"));
const oldNode = ownPath
  .map((folder) => join(folder, "node"))
  .filter((file) => existsSync(file))
  .find((file) => {
    const { stdout } = spawnSync(file, ["--version"], { encoding: "utf8" });
    return Number(/^v(\d+)/.exec(stdout)?.[1]) < 24;
  });
if (!oldNode) console.warn("SKIPPED: there is no Node before 24 on this machine to start Havn with");

describe.skipIf(!oldNode)("under an older Node", () => {
  const command = [oldNode!, program] as const;

  test("it finds the Node that npm has installed beside it", async () => {
    expect(await havn(["--version"], { command: [...command] })).toMatchObject({
      ...{ code: 0, stdout: `${version}\n`, stderr: "" },
    });
  });

  test("it passes on arguments, errors and their code", async () => {
    const { code, stderr } = await havn(["train", "no such project"], { command: [...command] });
    expect(code).toBe(1);
    expect(stderr).toContain('there is no project "no such project"');
  });

  test.skipIf(process.platform === "win32").each(["SIGTERM", "SIGINT"] as const)(
    "it passes on %s",
    async (signal) => {
      const home = await mkdtemp(join(tmpdir(), "havn-old-node-"));
      onTestFinished(() => rm(home, { recursive: true, force: true }));
      const server = startHavn(["track", "--port", "0", "--home", home], { command: [...command] });
      onTestFinished(async () => void (await server.stop("SIGKILL")));
      const [, url] = await server.says(/MLFLOW_TRACKING_URI=(\S+)/);
      expect((await fetch(`${url}/api/2.0/mlflow/experiments/get?experiment_id=0`)).status).toBe(200);
      expect(await server.stop(signal)).toMatchObject({ code: 0 });
      await expect(fetch(url!)).rejects.toThrow("fetch failed");
    },
  );
});

test("npx havn is this program", async () => {
  const cache = await mkdtemp(join(tmpdir(), "havn-npx-"));
  onTestFinished(() => rm(cache, { recursive: true, force: true }));
  const env = {
    PATH: ownPath.join(delimiter),
    // A cache of its own, as on a machine that has never seen it. npx would also run `prepare`, which builds the
    // pages that other tests look at.
    npm_config_cache: cache,
    npm_config_ignore_scripts: "true",
    npm_config_offline: "true",
  };
  const npx = process.platform === "win32" ? "npx.cmd" : "npx";
  const { code, stdout, stderr } = await havn(["--version"], { cwd: root, env, command: [npx, "havn"] });
  expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: `${version}\n` });
});
