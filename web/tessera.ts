/**
 * Tessera for other people's pages: `import { enhance } from ".../tessera.js"`. All that `mod.ts` has,
 * with the door to the browser in the place of Deno's; networks and codecs lie beside this module.
 *
 * @module
 */

export * from "../mod.ts";
