import type { Experiment, ExperimentStore } from "../store.ts";
import { StoreError } from "../store-error.ts";
import { type Connection, nothing } from "./connection.ts";
import { experimentIdReply, experimentReply, experimentsReply } from "./replies.ts";
import { isExperimentId, noExperiment, toEntries, toPage, toSearch, toView } from "./requests.ts";

/** Experiments of an MLflow server. */
export function remoteExperiments({ call }: Connection): ExperimentStore {
  async function getExperiment(experimentId: string): Promise<Experiment> {
    if (!isExperimentId(experimentId)) throw noExperiment(experimentId);
    const reply = await call("GET", "experiments/get", { experiment_id: experimentId }, experimentReply);
    return reply.experiment;
  }

  async function getExperimentByName(name: string): Promise<Experiment | undefined> {
    try {
      const body = { experiment_name: name };
      return (await call("GET", "experiments/get-by-name", body, experimentReply)).experiment;
    } catch (error) {
      if (error instanceof StoreError && error.code === "not-found") return undefined;
      throw error;
    }
  }

  async function createExperiment(
    name: string,
    tags: Record<string, string> = {},
    { artifactLocation }: { artifactLocation?: string } = {},
  ): Promise<Experiment> {
    const body = {
      ...{ name, tags: toEntries(tags) },
      ...(artifactLocation && { artifact_location: artifactLocation }),
    };
    const made = await call("POST", "experiments/create", body, experimentIdReply, {
      // A name is taken once: where the answer was lost, it is this call that took it.
      recover: async () => {
        const found = await getExperimentByName(name);
        return found && { experiment_id: found.experimentId };
      },
    });
    return getExperiment(made.experiment_id);
  }

  const post = async (verb: string, body: Record<string, string>) =>
    void (await call("POST", `experiments/${verb}`, body, nothing));

  return {
    createExperiment,
    async ensureExperiment(name) {
      const known = await getExperimentByName(name);
      if (known?.lifecycleStage === "active") return known;
      try {
        return await createExperiment(name);
      } catch (error) {
        const made = await getExperimentByName(name);
        if (made?.lifecycleStage === "active") return made;
        throw error;
      }
    },
    getExperiment,
    getExperimentByName,
    async searchExperiments({ view, ...query } = {}) {
      const body = { ...toSearch(query), view_type: toView(view) };
      const reply = await call("POST", "experiments/search", body, experimentsReply);
      return toPage(reply.experiments, reply.next_page_token);
    },
    renameExperiment: (experiment_id, new_name) => post("update", { experiment_id, new_name }),
    deleteExperiment: (experiment_id) => post("delete", { experiment_id }),
    restoreExperiment: (experiment_id) => post("restore", { experiment_id }),
    setExperimentTag: (experiment_id, key, value) =>
      post("set-experiment-tag", { experiment_id, key, value }),
    deleteExperimentTag: (experiment_id, key) => post("delete-experiment-tag", { experiment_id, key }),
  };
}
