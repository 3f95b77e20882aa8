/** Configuration as Hydra composes it: folders of YAML groups, overrides, validation that names the place of an error. */
export { type ComposeOptions, type Composition, compose } from "./compose.ts";
export { ConfigError, type ConfigProblem } from "./config-error.ts";
export { choicesOf, groupsOf } from "./config-files.ts";
export { escapeInterpolations } from "./interpolation.ts";
export type { JsonObject, JsonValue } from "./json.ts";
export { quote } from "./override.ts";
export { shellQuote } from "./shell.ts";
export { expandSweeps } from "./sweeps.ts";
export { validate } from "./validate.ts";
