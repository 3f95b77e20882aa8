/** Who may read and write: options of the commands that serve the tracking server. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { type Access, tokenAccess } from "../tracking/index.ts";

export interface AccessOptions {
  readonly token?: string;
  readonly private?: boolean;
}

export const withAccessOptions = (command: Command): Command =>
  command
    .addOption(
      new Option("--token <token>", "writes must bear this token, as clients send MLFLOW_TRACKING_TOKEN")
        .env("HAVN_TOKEN")
        .argParser(parseToken),
    )
    .option("--private", "reads must bear the token too; a browser asks for it as the password");

/** @throws {InvalidArgumentError} where there is no token that could keep anything private */
export function accessOf({ token, private: isPrivate = false }: AccessOptions): Access {
  if (isPrivate && !token)
    throw new InvalidArgumentError("--private needs a token: set HAVN_TOKEN, or add --token TOKEN");
  return tokenAccess({ token, isPrivate });
}

/** What a header can carry; the message leaves the token out. A variable that is set to nothing says nothing. */
function parseToken(text: string): string {
  if (/^[\x21-\x7e]*$/.test(text)) return text;
  throw new InvalidArgumentError("a token is made of printable ASCII characters, without spaces");
}
