import type { Logger } from "pino";
import type { Registry } from "prom-client";
import { processMetrics, type Service, type ServingLimits } from "../serving/index.ts";
import { openService, openVersion, type Project, promotedVersion } from "../tasks/index.ts";
import type { Store } from "../tracking/index.ts";
import type { ProjectPredictions } from "./project-predictions.ts";

export interface ProjectServiceOptions extends ProjectPredictions {
  readonly store: Store;
  readonly limits?: ServingLimits;
  readonly ratePerSecond?: number | undefined;
  readonly processMetrics?: Registry;
  readonly logger: Logger;
}

/** The service of one project, kept at its promoted version. */
export class ProjectService {
  readonly project: Project;
  readonly #options: ProjectServiceOptions;
  #service: Service | undefined;
  /** A version that could not be opened: said once, not every time. */
  #broken: number | undefined;
  /** Versions that answer what they had taken before another took over. */
  readonly #leaving = new Set<Promise<void>>();

  constructor(project: Project, options: ProjectServiceOptions) {
    this.project = project;
    this.#options = options;
  }

  /** Missing while there is no promoted version. */
  get service(): Service | undefined {
    return this.#service;
  }

  get version(): number | undefined {
    return this.#service?.version;
  }

  /** Serves this version, whichever is promoted. @throws {TaskError} when there is none */
  async open(version?: number): Promise<Service> {
    const { processMetrics: shared = processMetrics(), ...options } = this.#options;
    this.#service = await openService(this.project, { ...options, processMetrics: shared, version });
    return this.#service;
  }

  /**
   * Looks whether another version was promoted, and lets it take over once it is loaded and warm; the one before answers
   * what it has taken and then ends. A version that cannot be opened is not tried again, and the old one stays.
   * @returns whether another version answers now
   */
  async refresh(): Promise<boolean> {
    const promoted = await promotedVersion(this.project, this.#options.store);
    if (!promoted || [this.version, this.#broken].includes(promoted.version)) return false;
    const { version } = promoted;
    this.#broken = version;
    if (this.#service) {
      const { store, limits, logger } = this.#options;
      const next = await openVersion(this.project, { store, limits, logger, version });
      const left = this.#service.replace(next).finally(() => this.#leaving.delete(left));
      this.#leaving.add(left);
    } else await this.open(version);
    this.#broken = undefined;
    return true;
  }

  async close(): Promise<void> {
    await Promise.all([this.#service?.close(), ...this.#leaving]);
    await this.#options.predictions.close();
  }
}
