/**
 * What the Open Inference Protocol says about bodies, by the names of its own document (`components.schemas`).
 * @see https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/open_inference_rest.yaml
 */
import { z } from "zod";

const parameters = z.looseObject({});
const tensorData: z.ZodType = z.array(
  z.union([z.lazy(() => tensorData), z.number(), z.string(), z.boolean()]),
);
const metadataTensor = z.looseObject({ name: z.string(), datatype: z.string(), shape: z.array(z.int()) });
const requestInput = z.looseObject({
  name: z.string(),
  shape: z.array(z.int()),
  datatype: z.string(),
  parameters: parameters.optional(),
  data: tensorData,
});

export const openInferenceSchemas = {
  metadata_server_response: z.looseObject({
    name: z.string(),
    version: z.string(),
    extensions: z.array(z.string()),
  }),
  metadata_model_response: z.looseObject({
    name: z.string(),
    versions: z.array(z.string()).optional(),
    platform: z.string(),
    inputs: z.array(metadataTensor).optional(),
    outputs: z.array(metadataTensor).optional(),
  }),
  inference_request: z.looseObject({
    id: z.string().optional(),
    parameters: parameters.optional(),
    inputs: z.array(requestInput),
    outputs: z.array(z.looseObject({ name: z.string(), parameters: parameters.optional() })).optional(),
  }),
  inference_response: z.looseObject({
    model_name: z.string(),
    model_version: z.string().optional(),
    id: z.string().optional(),
    parameters: parameters.optional(),
    outputs: z.array(requestInput),
  }),
  inference_error_response: z.looseObject({ error: z.string() }),
};
