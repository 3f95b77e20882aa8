/** Keeps a service running for the promoted version of every project. */
import type { Logger } from "pino";
import { openPredictionLog, type PredictionLog, type Service } from "../serving/index.ts";
import { openService, type Project, promotedVersion } from "../tasks/index.ts";
import type { Context } from "./context.ts";
import type { ServedProject } from "./havn-app.ts";

interface Running {
  readonly project: Project;
  readonly predictions: PredictionLog;
  service?: Service;
  version?: number;
}

export class ProjectServices {
  readonly #context: Pick<Context, "store">;
  readonly #running: readonly Running[];
  readonly #logger: Logger;
  #closing: Promise<unknown>[] = [];

  constructor(projects: readonly Project[], context: Pick<Context, "store" | "predictions">, logger: Logger) {
    this.#context = context;
    this.#logger = logger;
    this.#running = projects.map((project) => ({
      project,
      predictions: openPredictionLog(context.predictions(project.name), { logger }),
    }));
  }

  get projects(): readonly ServedProject[] {
    return this.#running;
  }

  /**
   * Opens services whose promoted version has changed. The new one takes over once its model is loaded; the old one
   * answers what it has accepted and then ends.
   * @returns the projects that have a new version
   */
  async refresh(): Promise<ServedProject[]> {
    const changed: ServedProject[] = [];
    for (const running of this.#running) {
      const { store } = this.#context;
      const promoted = await promotedVersion(running.project, store);
      if (!promoted || promoted.version === running.version) continue;
      const { project, predictions, service: previous } = running;
      const logger = this.#logger;
      running.service = await openService(project, { store, predictions, version: promoted.version, logger });
      running.version = promoted.version;
      if (previous) this.#closing.push(previous.close());
      changed.push(running as ServedProject);
    }
    return changed;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#closing, ...this.#running.map(({ service }) => service?.close())]);
    await Promise.all(this.#running.map(({ predictions }) => predictions.close()));
  }
}
