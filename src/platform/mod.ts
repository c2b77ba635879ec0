/**
 * The door to the runtime: all that differs between Deno and a browser goes through here. Outside of
 * this room and the codecs, no file of the core names Deno, `node:` or `npm:`.
 */

export * from "./deno.ts";
export * from "./hex.ts";
