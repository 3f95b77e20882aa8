import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { loadProject } from "./project.ts";
import { projectConfig } from "./project-config.ts";
import { taskSource } from "./task-module.ts";

test("a thread that opens the source prepares as the task that was saved", { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "havn-task-module-"));
  try {
    const project = await loadProject("movie-reviews");
    const config = projectConfig(project, [], { command: "havn train movie-reviews" });
    const task = await project.task.create(config.task, { folder: project.folder, seed: 1 });
    await task.save(folder);
    const { module, options } = taskSource(project, folder);
    const row = { text: "A warm and funny film with a heart.", label: 1 };
    const code = `
      const { parentPort, workerData } = require("node:worker_threads");
      import(workerData.module)
        .then(({ open }) => open(workerData.options))
        .then((task) => task.prepare(workerData.row))
        .then((example) => parentPort.postMessage(example));`;
    const worker = new Worker(code, { eval: true, workerData: { module, options, row } });
    const example = await new Promise((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
    });
    await worker.terminate();
    expect(example).toEqual(await task.prepare(row));
  } finally {
    await rm(folder, { recursive: true });
  }
});
