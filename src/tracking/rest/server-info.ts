// What a server says of itself.
import { z } from "zod";
import { route } from "./route.ts";

/**
 * Uploads and downloads in parts work, but are not advertised: they exist to spare a server the bytes, which pass through
 * this one anyway, and one stream is simpler and as fast. Clients that are told to use them can.
 */
const serverInfo = route({
  method: "GET",
  path: "/api/3.0/mlflow/server-info",
  request: z.object({}),
  response: z.record(z.string(), z.unknown()),
  handle: async () => ({
    store_type: "SqlStore",
    workspaces_enabled: false,
    trace_archival_enabled: false,
    multipart_uploads_enabled: false,
    multipart_downloads_enabled: false,
    presigned_upload_run_id_supported: false,
    presigned_upload_model_id_supported: false,
    features_enabled: { gateway: false },
  }),
});

export const serverInfoRoutes = [serverInfo];
