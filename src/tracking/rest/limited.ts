import { MlflowError } from "./mlflow-error.ts";

/**
 * The bytes of a request's body as they come. It breaks off when there are more than allowed, or fewer than the client
 * has announced.
 *
 * @throws {MlflowError} 413 before the first byte where the announced length is too large
 */
export function limited(request: Request, mostBytes: number): AsyncIterable<Uint8Array> {
  const tooLarge = () => new MlflowError("BAD_REQUEST", `the file is larger than ${mostBytes} bytes`, 413);
  const header = request.headers.get("content-length");
  const announced = header === null ? undefined : Number(header);
  if (announced !== undefined && announced > mostBytes) throw tooLarge();
  return (async function* () {
    let bytes = 0;
    if (request.body) {
      for await (const chunk of request.body as ReadableStream<Uint8Array> & AsyncIterable<Uint8Array>) {
        bytes += chunk.byteLength;
        if (bytes > mostBytes) throw tooLarge();
        yield chunk;
      }
    }
    if (announced !== undefined && bytes !== announced) {
      const message = `the request ended after ${bytes} of ${announced} bytes`;
      throw new MlflowError("BAD_REQUEST", message);
    }
  })();
}
