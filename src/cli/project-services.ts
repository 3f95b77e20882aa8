/** Keeps a service running for the promoted version of every project. */
import type { Logger } from "pino";
import { processMetrics, type ServingLimits } from "../serving/index.ts";
import type { Project } from "../tasks/index.ts";
import type { Store } from "../tracking/index.ts";
import type { ProjectPredictions } from "./project-predictions.ts";
import { ProjectService } from "./project-service.ts";

export interface ProjectServicesOptions {
  readonly store: Store;
  /** The prediction log of a project. */
  predictions(project: string): ProjectPredictions;
  readonly limits?: ServingLimits;
  readonly ratePerSecond?: number | undefined;
  readonly logger: Logger;
}

export class ProjectServices {
  readonly projects: readonly ProjectService[];
  readonly #logger: Logger;

  constructor(projects: readonly Project[], { predictions, logger, ...options }: ProjectServicesOptions) {
    this.#logger = logger;
    const shared = { ...options, processMetrics: processMetrics() };
    this.projects = projects.map((project) => {
      const { name } = project;
      return new ProjectService(project, {
        ...shared,
        ...predictions(name),
        logger: logger.child({ project: name }),
      });
    });
  }

  /**
   * Brings all services to the promoted versions. A version that cannot be opened is logged, and the old one stays.
   * @returns the projects that have a new version
   */
  async refresh(): Promise<ProjectService[]> {
    const changed: ProjectService[] = [];
    for (const service of this.projects) {
      try {
        if (await service.refresh()) changed.push(service);
      } catch (err) {
        const project = service.project.name;
        this.#logger.error({ err, project }, "its service could not be brought up to date");
      }
    }
    return changed;
  }

  async close(): Promise<void> {
    await Promise.all(this.projects.map((service) => service.close()));
  }
}
