import { StorageError } from "./storage-error.ts";

/** S3 and GCS take names of up to 1,024 bytes. */
const maxNameBytes = 1024;
/** Files of ext4, APFS and NTFS may have names of 255 bytes. */
const maxSegmentBytes = 255;
/** Windows reads `a:b` as a stream of `a`, and devices whatever their extension; a store must be movable to any machine. */
const windowsTrap = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)|[<>:"|?*]|[. ]$/i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
const controlCharacter = /[\u0000-\u001f\u007f]/;

const bytes = (text: string) => Buffer.byteLength(text);

function fault(name: string): string | undefined {
  if (name === "") return "is empty";
  if (bytes(name) > maxNameBytes) return `has ${bytes(name)} bytes, at most ${maxNameBytes} are allowed`;
  if (!name.isWellFormed()) return "holds half of a surrogate pair";
  if (controlCharacter.test(name)) return "holds a control character";
  if (name.includes("\\")) return "holds a backslash; separate the parts by /";
  if (name.startsWith("/")) return "is an absolute path";
  for (const segment of name.split("/")) {
    if (segment === "") return "has an empty part; write one / between two parts and none at the end";
    if (segment === "." || segment === "..")
      return `has the part ${JSON.stringify(segment)}, which could lead out of the store`;
    if (bytes(segment) > maxSegmentBytes)
      return `has a part of ${bytes(segment)} bytes, at most ${maxSegmentBytes} are allowed`;
    if (windowsTrap.test(segment))
      return `has the part ${JSON.stringify(segment)}, which not every file system can hold`;
  }
  return undefined;
}

/**
 * Checks a name and hands it back, for use where it is needed.
 *
 * @throws {StorageError} `invalid-name`, with what is wrong with it
 */
export function objectName(name: string): string {
  const wrong = fault(name);
  if (wrong !== undefined) {
    throw new StorageError(
      "invalid-name",
      name,
      `object name ${JSON.stringify(name.slice(0, 200))} ${wrong}`,
    );
  }
  return name;
}
