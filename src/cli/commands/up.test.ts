import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { loadProject } from "../../tasks/index.ts";
import { projectConfig } from "../../tasks/project-config.ts";
import { tinyReviews } from "../../tasks/testing/tiny-reviews.ts";
import { openStore } from "../../tracking/index.ts";
import { startHavn } from "../testing/havn-process.ts";

const bundled = fileURLToPath(new URL("../../../projects/movie-reviews/", import.meta.url));

let cwd: string;
/** A working folder with a movie-reviews of its own, which trains for a few seconds. */
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "havn-up-"));
  const folder = join(cwd, "projects", "movie-reviews");
  await mkdir(folder, { recursive: true });
  await cp(join(bundled, "conf"), join(folder, "conf"), { recursive: true });
  const words = `import reviews from ${JSON.stringify(join(bundled, "project.ts"))};\nexport default reviews;\n`;
  await writeFile(join(folder, "project.ts"), words);
  const tiny = await tinyReviews(join(cwd, "tiny"));
  const overrides = [...tiny, "training.epochs=60", "training.checkpoint_seconds=0.1"];
  const project = await loadProject(folder);
  const { composition } = projectConfig(project, overrides, { command: "" });
  await writeFile(join(folder, "conf", "config.yaml"), composition.print());
});
afterAll(() => rm(cwd, { recursive: true }));

/** What the store says of all runs. */
async function runs() {
  const store = await openStore({ home: join(cwd, ".havn") });
  try {
    const { items } = await store.searchExperiments();
    return (await store.searchRuns({ experimentIds: items.map(({ experimentId }) => experimentId) })).items;
  } finally {
    await store.close();
  }
}

// Windows has no SIGKILL.
describe.skipIf(process.platform === "win32")("havn up that is killed in its first training", () => {
  test("goes on with that run when it is started again, and serves its model", async () => {
    const killed = startHavn(["up", "--port", "0"], { cwd });
    onTestFinished(() => void killed.stop("SIGKILL"));
    await killed.says(/epoch 3\/60:/);
    await killed.stop("SIGKILL");
    expect(await runs()).toMatchObject([{ status: "RUNNING" }]);

    const again = startHavn(["up", "--port", "0"], { cwd });
    onTestFinished(() => void again.stop("SIGKILL"));
    await again.says(/resuming after step \d+ from/);
    await again.says(/movie-reviews \(version 1\)/);
    await again.stop("SIGTERM");
    const [run, ...others] = await runs();
    expect(others).toEqual([]);
    expect(run?.status).toBe("FINISHED");
    expect(await readdir(join(cwd, ".havn", "checkpoints"))).toEqual([run?.runId]);
  });
});
