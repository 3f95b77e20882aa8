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
      new Option("--token <token>", "writes must bear this token, as clients send MLFLOW_TRACKING_TOKEN").env(
        "HAVN_TOKEN",
      ),
    )
    .option("--private", "reads must bear the token too; a browser asks for it as the password");

/**
 * A variable that is set to nothing says nothing.
 *
 * @throws {InvalidArgumentError} for what no header can carry, and where there is no token that could keep anything
 *   private; not from the parser of the option, whose message would show the token
 */
export function accessOf({ token, private: isPrivate = false }: AccessOptions): Access {
  if (isPrivate && !token)
    throw new InvalidArgumentError("--private needs a token: set HAVN_TOKEN, or add --token TOKEN");
  if (!/^[\x21-\x7e]*$/.test(token ?? ""))
    throw new InvalidArgumentError("a token is made of printable ASCII characters, without spaces");
  return tokenAccess({ token, isPrivate });
}
