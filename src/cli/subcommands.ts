/** The table of subcommands, for `--help` and for finding the one that is meant. */

/** A row of the table. */
export interface Subcommand {
  name: string;
  summary: string;
}

/** Every subcommand, in the order of `--help`. A command line that names none means the first. */
export const SUBCOMMANDS = [
  {
    name: "upscale",
    summary: "upscale pictures; the same as giving no subcommand",
  },
  {
    name: "work",
    summary: "do jobs from stdin, one JSON a line, for queues of any kind",
  },
  {
    name: "watch",
    summary: "upscale the pictures of a folder, and those that come into it",
  },
  {
    name: "plan",
    summary: "show passes, tiles, memory and expected time without doing the work",
  },
  {
    name: "inspect",
    summary: "measure pictures: JPEG damage, noise, blur; say how far they can be enlarged",
  },
  {
    name: "preview",
    summary: "show what each network makes of a picture, with times and scores",
  },
  {
    name: "compare",
    summary: "make a page on which two pictures are compared, with a slider and a lens",
  },
  {
    name: "web",
    summary: "open the same engine as a page in the browser, on this machine",
  },
  {
    name: "models",
    summary: "list the networks at hand; models pull NAME fetches published ones",
  },
  {
    name: "inspect-model",
    summary: "show which network a weights file holds, and what it takes to run it",
  },
  {
    name: "convert",
    summary: "write the weights of a .pth, .pt or .ckpt file as safetensors",
  },
  {
    name: "presets",
    summary: "list named sets of options",
  },
  {
    name: "doctor",
    summary: "show what the GPU offers, what will be used, and how to fix what is missing",
  },
  {
    name: "bench",
    summary: "measure this adapter, the kernels and networks on it, and their quality",
  },
  {
    name: "tune",
    summary: "find the fastest kernels for this adapter and keep the choice",
  },
] as const satisfies readonly Subcommand[];

/** The name of a subcommand. */
export type SubcommandName = typeof SUBCOMMANDS[number]["name"];
