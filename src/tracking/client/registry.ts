import { printFilter } from "../search/filter.ts";
import type { ModelRegistry, ModelVersion } from "../store.ts";
import { StoreError } from "../store-error.ts";
import { type Connection, nothing } from "./connection.ts";
import { modelReply, modelsReply, versionReply, versionsReply } from "./replies.ts";
import { toEntries, toPage, toSearch } from "./requests.ts";

const models = "registered-models";
const versions = "model-versions";
const aliases = `${models}/alias`;

/** The model registry of an MLflow server. Who changes it is known to the server, not said by the client. */
export function remoteRegistry({ call }: Connection): ModelRegistry {
  async function getRegisteredModel(name: string) {
    return (await call("GET", `${models}/get`, { name }, modelReply)).registered_model;
  }

  async function getModelVersion(name: string, version: number) {
    const reply = await call("GET", `${versions}/get`, { name, version: String(version) }, versionReply);
    return reply.model_version;
  }

  async function createRegisteredModel(
    name: string,
    { description = "", tags = {} }: { description?: string; tags?: Record<string, string> } = {},
  ) {
    const body = { name, description, tags: toEntries(tags) };
    const found = () => getRegisteredModel(name).then((model) => ({ registered_model: model }));
    const reply = await call("POST", `${models}/create`, body, modelReply, {
      recover: () => found().catch(undefinedWhereMissing),
    });
    return reply.registered_model;
  }

  /** All versions that a filter finds, newest first. */
  async function allVersions(name: string): Promise<ModelVersion[]> {
    const filter = printFilter([{ entity: "attribute", key: "name", comparator: "=", value: name }]);
    const found: ModelVersion[] = [];
    let token: string | undefined;
    do {
      // The original understands the bare name of an attribute only.
      const query = { filter: filter.replace("attribute.`name`", "name"), maxResults: 1000 };
      const body = toSearch({ ...query, ...(token && { pageToken: token }) });
      const reply = await call("GET", `${versions}/search`, body, versionsReply);
      found.push(...reply.model_versions);
      token = reply.next_page_token;
    } while (token !== undefined);
    return found.sort((a, b) => b.version - a.version);
  }

  const send = async (method: "POST" | "DELETE" | "PATCH", route: string, body: Record<string, unknown>) =>
    void (await call(method, route, body, nothing));

  return {
    createRegisteredModel,
    async ensureRegisteredModel(name) {
      try {
        return await getRegisteredModel(name);
      } catch (error) {
        undefinedWhereMissing(error);
      }
      try {
        return await createRegisteredModel(name);
      } catch (error) {
        if (error instanceof StoreError && error.code === "already-exists") return getRegisteredModel(name);
        throw error;
      }
    },
    getRegisteredModel,
    async searchRegisteredModels(query = {}) {
      const body = toSearch({ maxResults: 1000, ...query });
      const reply = await call("GET", `${models}/search`, body, modelsReply);
      return toPage(reply.registered_models, reply.next_page_token);
    },
    setRegisteredModelTag: (name, key, value) => send("POST", `${models}/set-tag`, { name, key, value }),
    deleteRegisteredModelTag: (name, key) => send("DELETE", `${models}/delete-tag`, { name, key }),
    async updateRegisteredModel(name, { description }) {
      const reply = await call("PATCH", `${models}/update`, { name, description }, modelReply);
      return reply.registered_model;
    },
    async renameRegisteredModel(name, newName) {
      const reply = await call("POST", `${models}/rename`, { name, new_name: newName }, modelReply);
      return reply.registered_model;
    },
    deleteRegisteredModel: (name) => send("DELETE", `${models}/delete`, { name }),

    async createModelVersion({ name, source, runId, runLink, modelId, description = "", tags = {} }) {
      const body = {
        ...{ name, source, description, tags: toEntries(tags) },
        ...(runId && { run_id: runId }),
        ...(runLink && { run_link: runLink }),
        ...(modelId && { model_id: modelId }),
      };
      const before = new Set((await allVersions(name)).map(({ version }) => version));
      const reply = await call("POST", `${versions}/create`, body, versionReply, {
        recover: async () => {
          const isNew = (found: ModelVersion) =>
            !before.has(found.version) && found.source === source && found.runId === runId;
          const found = (await allVersions(name)).find(isNew);
          return found && { model_version: found };
        },
      });
      return reply.model_version;
    },
    getModelVersion,
    async listModelVersions(name) {
      await getRegisteredModel(name);
      return allVersions(name);
    },
    async searchModelVersions(query = {}) {
      const reply = await call("GET", `${versions}/search`, toSearch(query), versionsReply);
      return toPage(reply.model_versions, reply.next_page_token);
    },
    setModelVersionTag: (name, version, key, value) =>
      send("POST", `${versions}/set-tag`, { name, version: String(version), key, value }),
    deleteModelVersionTag: (name, version, key) =>
      send("DELETE", `${versions}/delete-tag`, { name, version: String(version), key }),
    async updateModelVersion(name, version, { description }) {
      const body = { name, version: String(version), description };
      return (await call("PATCH", `${versions}/update`, body, versionReply)).model_version;
    },
    async setModelVersionStage(name, version, stage, { archiveOthers = false } = {}) {
      const body = { name, version: String(version), stage, archive_existing_versions: archiveOthers };
      return (await call("POST", `${versions}/transition-stage`, body, versionReply)).model_version;
    },
    deleteModelVersion: (name, version) =>
      send("DELETE", `${versions}/delete`, { name, version: String(version) }),

    setAlias: (name, alias, version) => send("POST", aliases, { name, alias, version: String(version) }),
    deleteAlias: (name, alias) => send("DELETE", aliases, { name, alias }),
    async getVersionByAlias(name, alias) {
      try {
        return (await call("GET", aliases, { name, alias }, versionReply)).model_version;
      } catch (error) {
        // MLflow answers a missing alias with INVALID_PARAMETER_VALUE.
        const isMissing = error instanceof StoreError && /alias .* not found/i.test(error.message);
        return isMissing ? undefined : undefinedWhereMissing(error);
      }
    },
  };
}

function undefinedWhereMissing(error: unknown): undefined {
  if (!(error instanceof StoreError) || error.code !== "not-found") throw error;
}
