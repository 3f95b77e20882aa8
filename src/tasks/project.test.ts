import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadProject, projectNames } from "./project.ts";
import { trackingUri } from "./project-config.ts";

const bundled = fileURLToPath(new URL("../../projects/movie-reviews/project.ts", import.meta.url));

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "havn-projects-"));
});
afterEach(() => rm(root, { recursive: true }));

async function write(path: string, text: string): Promise<void> {
  await mkdir(join(root, path), { recursive: true });
  await writeFile(join(root, path, "project.ts"), text);
}
const copyOf = (name: string) =>
  `import reviews from ${JSON.stringify(bundled)};\nexport default { ...reviews, name: "${name}" };\n`;

test("a project that comes with Havn is found from everywhere", async () => {
  const project = await loadProject("movie-reviews", { root });
  expect(project).toMatchObject({ name: "movie-reviews", route: { path: "/inference" } });
  expect(join(project.folder, "project.ts")).toBe(bundled);
});

test("each of them says by tracking.uri where its runs are logged", async () => {
  const url = "http://127.0.0.1:5000";
  for (const name of await projectNames({ root })) {
    const project = await loadProject(name, { root });
    const uriWith = (...overrides: string[]) => trackingUri(project, overrides, { command: "havn train" });
    expect([name, uriWith(), uriWith(`tracking.uri=${url}`, "seed=wrong")]).toEqual([name, null, url]);
    expect(() => uriWith("tracking.uri=localhost")).toThrow(
      /^override tracking.uri=localhost: tracking.uri must/,
    );
  }
});

test("projects of the working folder come first, by name or by folder", async () => {
  await write("projects/movie-reviews", copyOf("mine"));
  await write("elsewhere", copyOf("other"));
  expect((await loadProject("movie-reviews", { root })).name).toBe("mine");
  expect(await loadProject("./elsewhere", { root })).toMatchObject({
    ...{ name: "other", folder: join(root, "elsewhere") },
  });
  await write("projects/apples", copyOf("apples"));
  const known = ["apples", "election-tweets", "elsewhere", "movie-reviews", "playing-cards"];
  expect(await projectNames({ root })).toEqual([...known, "toxic-comments", "translator"]);
});

test("an unknown project is answered with those that there are", async () => {
  await expect(loadProject("movies", { root })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[TaskError: there is no project "movies"; there are election-tweets, movie-reviews, playing-cards, toxic-comments, translator, or give a folder with a project.ts]`,
  );
});

test("a file that exports no project is named", async () => {
  await write("projects/empty", "export const project = {};\n");
  await expect(loadProject("empty", { root })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[TaskError: projects/empty/project.ts must export a project as default: export default defineProject({ ... })]`,
  );
});
