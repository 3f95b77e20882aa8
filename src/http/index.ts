/** A server for whatever answers requests. */
export { freePort } from "./free-port.ts";
export { HttpError, type HttpErrorCode } from "./http-error.ts";
export { type Application, type HttpServer, type ListenOptions, listen } from "./http-server.ts";
