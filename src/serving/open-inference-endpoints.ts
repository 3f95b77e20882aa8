import type { Endpoint } from "./endpoint.ts";
export const openInferenceEndpoints = (_: unknown): Endpoint[] => [];
