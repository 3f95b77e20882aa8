import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { limitedData } from "./development-mode.ts";
import { loadProject } from "./project.ts";
import { projectConfig } from "./project-config.ts";

test("takes fifty rows, or less where the data are limited already", () => {
  const limit = (development_mode: boolean, limit: number | null) =>
    limitedData({ development_mode, data: { limit } }).limit;
  expect([limit(false, null), limit(true, null), limit(true, 20), limit(true, 80), limit(false, 80)]).toEqual(
    [...[null, 50, 20, 50, 80]],
  );
});

const projects = fileURLToPath(new URL("../../projects/", import.meta.url));

test.each(await readdir(projects))("%s has it", async (name) => {
  const project = await loadProject(projects + name);
  const { task } = projectConfig(project, ["development_mode=true"], { command: `havn train ${name}` });
  const {
    train,
    validation,
    test: last,
  } = await project.task.read(task, { folder: project.folder, seed: 1 });
  for (const { rows } of [train, validation, last]) {
    expect(rows.length).toBeGreaterThanOrEqual(5);
    expect(rows.length).toBeLessThanOrEqual(50);
  }
});

test("so has a project of one's own", async () => {
  const file = new URL("../../templates/text-classification/conf/config.yaml", import.meta.url);
  expect(await readFile(file, "utf8")).toContain("\ndevelopment_mode: false\n");
});
