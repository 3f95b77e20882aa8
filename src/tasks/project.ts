/** A project: a task with names and numbers filled in, and the face it shows to the world. */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { registerHooks } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { InputMetric, ServiceRoute } from "../serving/index.ts";
import type { TaskKind } from "./task.ts";
import { TaskError } from "./task-error.ts";

/** The page on which a person tries the model. */
export interface DemoPage {
  readonly title: string;
  readonly description: string;
  readonly input: TextField | ImageField;
  /** How the answer is shown: as labels with their probabilities, unless given. */
  readonly answer?: TextAnswer;
}

/** An answer that is written while one watches. */
interface TextAnswer {
  readonly kind: "text";
  /** Field of the reply that is shown. */
  readonly field: string;
  /** Field of the reply that says whether a part is missing, and in which words the page says it. */
  readonly incomplete: { readonly field: string; readonly note: string };
  /** Fields beside the input that make the route send the answer in parts. */
  readonly stream: Readonly<Record<string, string>>;
}

interface TextField {
  readonly kind: "text";
  /** Field of the route's body that the text becomes. */
  readonly field: string;
  readonly label: string;
  readonly placeholder: string;
  readonly examples: readonly string[];
  readonly maxLength: number;
}

interface ImageField {
  readonly kind: "image";
  /** Field of the form that the file becomes. */
  readonly field: string;
  readonly label: string;
}

export interface ProjectDefinition<Config, Row, Input, Example, Outcome, Answer> {
  /** Also the name of its experiment and of its registered model: lower case, digits and hyphens. */
  readonly name: string;
  readonly task: TaskKind<Config, Row, Input, Example, Outcome, Answer>;
  readonly route: ServiceRoute<Input, Answer>;
  readonly metrics?: readonly InputMetric<Input>[];
  readonly page: DemoPage;
}

/** A project whose types only its own parts need to know. */
export type AnyProject = ProjectDefinition<unknown, unknown, unknown, unknown, unknown, unknown>;

/** A project and the folder it lives in. */
export type Project = AnyProject & { readonly folder: string };

/** Checks the types of a project's parts against each other. */
export const defineProject = <Config, Row, Input, Example, Outcome, Answer>(
  project: ProjectDefinition<Config, Row, Input, Example, Outcome, Answer>,
): ProjectDefinition<Config, Row, Input, Example, Outcome, Answer> => project;

/** The projects that come with Havn. */
const bundledProjects = fileURLToPath(new URL("../../projects/", import.meta.url));

/**
 * Loads a project by its name among the working folder, its `projects/` and Havn's own, or by its folder.
 * @throws {TaskError} when there is no such project; names those there are
 */
export async function loadProject(nameOrFolder: string, { root = process.cwd() } = {}): Promise<Project> {
  const folders = [
    resolve(root, nameOrFolder),
    join(root, "projects", nameOrFolder),
    join(bundledProjects, nameOrFolder),
  ];
  const folder = folders.find((candidate) => existsSync(join(candidate, "project.ts")));
  if (!folder) {
    const names = await projectNames({ root });
    throw new TaskError(
      `there is no project "${nameOrFolder}"; there are ${names.join(", ")}, or give a folder with a project.ts`,
    );
  }
  const module: { default?: AnyProject } = await importAnywhere(join(folder, "project.ts"));
  if (!module.default?.name || !module.default.task)
    throw new TaskError(
      `${join(relative(root, folder), "project.ts")} must export a project as default: export default defineProject({ ... })`,
    );
  return { ...module.default, folder };
}

/** Imports a module for which `havn` is this program, wherever it lies. */
async function importAnywhere(file: string): Promise<{ default?: AnyProject }> {
  const url = new URL("../index.ts", import.meta.url).href;
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      specifier === "havn" ? { url, shortCircuit: true } : next(specifier, context),
  });
  try {
    return await import(pathToFileURL(file).href);
  } finally {
    hooks.deregister();
  }
}

/** Names of all projects that can be loaded by name. */
export async function projectNames({ root = process.cwd() } = {}): Promise<string[]> {
  const parents = new Set([root, join(root, "projects"), dirname(join(bundledProjects, "x"))]);
  const names = new Set<string>();
  for (const parent of parents)
    for (const name of await readdir(parent).catch(() => []))
      if (existsSync(join(parent, name, "project.ts"))) names.add(name);
  return [...names].sort();
}
