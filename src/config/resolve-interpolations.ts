/** The values behind the interpolations of a composed tree. */
import { ConfigError, type ConfigProblem } from "./config-error.ts";
import { type ConfigNode, childOf, isList, isMap, pathsOf, type Scalar, select } from "./config-tree.ts";
import { InterpolationError, type Part, parseInterpolations } from "./interpolation.ts";
import { isJsonObject, type JsonObject, type JsonValue, selectValue } from "./json.ts";
import { formatKeyPath, type KeyPath, parseKeyPath } from "./key-path.ts";
import { suggestion } from "./nearest.ts";
import { callResolver, decode, type Environment, type Given } from "./resolvers.ts";

/**
 * Resolves every interpolation: `${model.name}` from the root, `${.name}` beside the key itself (one level up for each
 * further dot), `${oc.env:NAME,default}`, `${oc.decode:text}` and `${oc.select:key,default}`.
 *
 * @throws {ConfigError} with every key whose interpolations name nothing or run in a circle
 * @see https://omegaconf.readthedocs.io/en/latest/usage.html#variable-interpolation
 */
export function resolveInterpolations(root: ConfigNode, environment: Environment): JsonObject {
  const resolution = new Resolution(root, environment);
  try {
    const values = resolution.at([]);
    return isJsonObject(values) ? values : {};
  } catch (error) {
    if (error instanceof Unresolved) throw new ConfigError([...resolution.problems.values()]);
    throw error;
  }
}

/** Thrown through all that depends on a key that cannot be resolved; only the key itself is reported. */
class Unresolved extends Error {}

class Resolution {
  /** By the key at which each was found. */
  readonly problems = new Map<string, ConfigProblem>();
  private readonly root: ConfigNode;
  private readonly environment: Environment;
  private readonly resolved = new Map<string, JsonValue>();
  /** The keys that are being resolved, each for the sake of the one before. */
  private readonly pending = new Map<string, KeyPath>();

  constructor(root: ConfigNode, environment: Environment) {
    this.root = root;
    this.environment = environment;
  }

  /** The value at a path that exists. */
  at(path: KeyPath): JsonValue {
    const id = idOf(path);
    const done = this.resolved.get(id);
    if (done !== undefined) return done;
    if (this.problems.has(id)) throw new Unresolved();
    const node = select(this.root, path)!;
    if (this.pending.has(id)) this.report(path, node, circle([...this.pending.values()], path));
    this.pending.set(id, path);
    try {
      const value = this.evaluate(node, path);
      this.resolved.set(id, value);
      return value;
    } catch (error) {
      if (error instanceof InterpolationError) this.report(path, node, error.message);
      throw error;
    } finally {
      this.pending.delete(id);
    }
  }

  private evaluate(node: ConfigNode, path: KeyPath): JsonValue {
    if (isMap(node)) {
      const keys = [...node.content.keys()];
      const values = this.children(keys, path);
      return Object.fromEntries(keys.map((key, index) => [key, values[index]!]));
    }
    if (isList(node)) return this.children([...node.content.keys()].map(String), path);
    const text = interpolated(node);
    return text === undefined ? (node.content as Scalar) : this.join(parseInterpolations(text), path);
  }

  /** All children, so that every problem among them is found before the first one stops the work. */
  private children(keys: readonly string[], path: KeyPath): JsonValue[] {
    let unresolved: unknown;
    const values = keys.map((key) => {
      try {
        return this.at([...path, key]);
      } catch (error) {
        if (!(error instanceof Unresolved)) throw error;
        unresolved = error;
        return null;
      }
    });
    if (unresolved !== undefined) throw unresolved;
    return values;
  }

  /** One interpolation alone keeps its type; among other text it becomes text. */
  private join(parts: readonly Part[], path: KeyPath): JsonValue {
    const [only] = parts;
    if (parts.length === 1 && only !== undefined) return this.part(only, path);
    return parts.map((part) => asText(this.part(part, path), part)).join("");
  }

  private part(part: Part, path: KeyPath): JsonValue {
    if (part.kind === "text") return part.text;
    if (part.kind === "key") return this.reference(part, path);
    const given = part.given.map((argument) => this.argument(argument, path));
    const select = (key: string) => this.lookUp(parseKeyPath(key));
    return callResolver(part.name, given, { environment: this.environment, select });
  }

  private argument(parts: readonly Part[], path: KeyPath): Given {
    const value = this.join(parts, path);
    const text = parts.map((part) => asText(this.part(part, path), part)).join("");
    const [only] = parts;
    return {
      text,
      value: parts.length === 1 && only?.kind === "text" && !only.quoted ? decode(only.text) : value,
    };
  }

  private reference({ key, level, typed }: Part & { kind: "key" }, path: KeyPath): JsonValue {
    const named = parseKeyPath(asText(this.join(key, path), undefined));
    if (level > path.length) throw new InterpolationError(`${typed} leads above the root`);
    const target = level === 0 ? named : [...path.slice(0, path.length - level), ...named];
    const value = this.lookUp(target);
    const name = formatKeyPath(target);
    if (value === undefined) {
      const known = pathsOf(this.root).map(formatKeyPath);
      throw new InterpolationError(
        `${typed} names no key${suggestion(
          name,
          known.filter((path) => path !== name),
        )}`,
      );
    }
    if (value === "???") throw new InterpolationError(`${typed} has no value yet: type ${name}=VALUE`);
    return value;
  }

  /** Follows a path, through interpolations on the way. */
  private lookUp(path: KeyPath): JsonValue | undefined {
    let node = this.root;
    for (const [index, key] of path.entries()) {
      const child = childOf(node, key);
      if (child === undefined)
        return interpolated(node) === undefined
          ? undefined
          : selectValue(this.at(path.slice(0, index)), path.slice(index));
      node = child;
    }
    return this.at(path);
  }

  private report(path: KeyPath, { place }: ConfigNode, reason: string): never {
    const name = formatKeyPath(path);
    this.problems.set(idOf(path), {
      code: "interpolation",
      path: name,
      place,
      message: `${name}: ${reason}`,
    });
    throw new Unresolved();
  }
}

function interpolated({ content }: ConfigNode): string | undefined {
  return typeof content === "string" && content.includes("${") ? content : undefined;
}

/** Tells `a.b` as one key from `b` within `a`. */
function idOf(path: KeyPath): string {
  return path.join("\0");
}

function circle(pending: readonly KeyPath[], path: KeyPath): string {
  const names = pending.map(formatKeyPath);
  const name = formatKeyPath(path);
  return `the interpolations run in a circle: ${[...names.slice(names.indexOf(name)), name].join(" -> ")}`;
}

function asText(value: JsonValue, part: Part | undefined): string {
  if (typeof value !== "object" || value === null) return String(value);
  const typed = part === undefined || part.kind === "text" ? "it" : part.typed;
  throw new InterpolationError(
    `${typed} is a ${Array.isArray(value) ? "list" : "map"} and cannot stand within text`,
  );
}
