/** Keeps a service running for the promoted version of every project. */
import type { Logger } from "pino";
import { openPredictionLog, type PredictionLog, type Service } from "../serving/index.ts";
import { openService, type Project, promotedVersion } from "../tasks/index.ts";
import type { Context } from "./context.ts";
import type { ServedProject } from "./havn-app.ts";

interface Running {
  readonly project: Project;
  readonly predictions: PredictionLog;
  service?: RunningService;
  version?: number;
  /** A version that could not be opened: said once, not every time. */
  brokenVersion?: number;
}

export class ProjectServices {
  readonly #store: Context["store"];
  readonly #running: readonly Running[];
  readonly #logger: Logger;
  readonly #closing = new Set<Promise<void>>();

  constructor(projects: readonly Project[], context: Pick<Context, "store" | "predictions">, logger: Logger) {
    this.#store = context.store;
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
   * answers what it has accepted and then ends. A version that cannot be opened is logged, and the old one stays.
   * @returns the projects that have a new version
   */
  async refresh(): Promise<ServedProject[]> {
    const changed: ServedProject[] = [];
    for (const running of this.#running) {
      try {
        if (await this.#refresh(running)) changed.push(running);
      } catch (err) {
        this.#logger.error(
          { err, project: running.project.name },
          "its service could not be brought up to date",
        );
      }
    }
    return changed;
  }

  async #refresh(running: Running): Promise<boolean> {
    const { project, predictions, service: previous } = running;
    const store = this.#store;
    const promoted = await promotedVersion(project, store);
    if (!promoted || [running.version, running.brokenVersion].includes(promoted.version)) return false;
    const { version } = promoted;
    running.brokenVersion = version;
    const options = { store, predictions, version, logger: this.#logger };
    running.service = new RunningService(await openService(project, options));
    running.version = version;
    delete running.brokenVersion;
    if (previous) this.#close(previous);
    return true;
  }

  #close(service: RunningService): void {
    const closed = service.close().finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }

  async close(): Promise<void> {
    for (const { service } of this.#running) if (service) this.#close(service);
    await Promise.all(this.#closing);
    await Promise.all(this.#running.map(({ predictions }) => predictions.close()));
  }
}

/** A service that ends only when all requests that were given to it are answered. */
class RunningService {
  readonly #service: Service;
  #requests = 0;
  #onIdle: (() => void) | undefined;

  constructor(service: Service) {
    this.#service = service;
  }

  async fetch(request: Request): Promise<Response> {
    this.#requests++;
    try {
      return await this.#service.app.fetch(request);
    } finally {
      this.#requests--;
      if (this.#requests === 0) this.#onIdle?.();
    }
  }

  /** Waits for bodies that are still on their way too, of which the service itself does not know yet. */
  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onIdle = resolve;
    if (this.#requests === 0) resolve();
    await promise;
    await this.#service.close();
  }
}
