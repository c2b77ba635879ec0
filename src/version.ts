/** Which Tessera this is. */

import config from "../deno.json" with { type: "json" };

/** The version of Tessera. */
export const VERSION: string = config.version;
