import os from "node:os";

/** Who this process runs for; empty in a container whose user has no name. */
export function processUser(): string {
  try {
    return os.userInfo().username;
  } catch {
    return "";
  }
}
