/** Which Tessera this is. */

/** The version of Tessera, as `deno.json` has it (whose other lines no page needs to load). */
export const VERSION = "0.1.0";
