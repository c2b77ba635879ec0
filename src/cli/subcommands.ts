/**
 * The table of subcommands. Each is loaded only when it is asked for; what follows its name is its
 * own affair.
 */

/** What the file of a subcommand exports. */
export interface SubcommandModule {
  /** Does the work and returns the exit code; errors are thrown. */
  run(args: string[]): Promise<number>;
}

/** A row of the table. */
export interface Subcommand {
  name: string;
  summary: string;
  load(): Promise<SubcommandModule>;
}

/** The subcommand of a command line that names none. */
export const DEFAULT_SUBCOMMAND: Subcommand = {
  name: "upscale",
  summary: "upscale pictures; the same as giving no subcommand",
  load: () => import("./upscale.ts"),
};

/** Every subcommand, in the order of `--help`. */
export const SUBCOMMANDS: readonly Subcommand[] = [
  DEFAULT_SUBCOMMAND,
  {
    name: "plan",
    summary: "show passes, tiles, memory and expected time without doing the work",
    load: () => import("./plan.ts"),
  },
  {
    name: "inspect",
    summary: "measure pictures: JPEG damage, noise, blur; say how far they can be enlarged",
    load: () => import("./inspect.ts"),
  },
  {
    name: "preview",
    summary: "show what each network makes of a picture, with times and scores",
    load: () => import("./preview.ts"),
  },
  {
    name: "compare",
    summary: "make a page on which two pictures are compared, with a slider and a lens",
    load: () => import("./compare.ts"),
  },
  {
    name: "models",
    summary: "list the embedded networks",
    load: () => import("./models.ts"),
  },
  {
    name: "presets",
    summary: "list named sets of options",
    load: () => import("./presets.ts"),
  },
  {
    name: "doctor",
    summary: "show what the GPU offers, what will be used, and how to fix what is missing",
    load: () => import("./doctor.ts"),
  },
  {
    name: "bench",
    summary: "measure this adapter, the kernels and networks on it, and their quality",
    load: () => import("./bench.ts"),
  },
  {
    name: "tune",
    summary: "find the fastest kernels for this adapter and keep the choice",
    load: () => import("./tune.ts"),
  },
];
