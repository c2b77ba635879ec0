/**
 * Tessera for Node.js: all that `mod.ts` has, with the door to Node.js in the place of Deno's; networks,
 * codecs and the thread of libvips lie beside this module.
 *
 * @module
 */

export * from "../mod.ts";
