import { shellQuote } from "../config/index.ts";
import { type CommonOptions, usualHome } from "./context.ts";

/** `--home` as it must be typed for another command to find the same home; nothing where it is the usual one. */
export const homeOption = ({ home }: CommonOptions): string =>
  home === usualHome() ? "" : ` --home ${shellQuote(home)}`;
