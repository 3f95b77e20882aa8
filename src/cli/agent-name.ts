import { hostname } from "node:os";

/** Says machine and process, so that a later command on the machine can tell whether the agent is alive. */
export const agentName = (index: number): string => `${hostname()}/${process.pid}/${index}`;
