/**
 * What the program's exit code says: schedulers tell "try again" from "never this picture again" by
 * it.
 */

/** The exit codes of every subcommand. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  input: 3,
  noGpu: 4,
  gpu: 5,
  interrupted: 130,
} as const;

/** The same for `--help`. */
export const EXIT_CODE_HELP: readonly (readonly [string, string])[] = [
  ["0", "done"],
  ["1", "some of several pictures failed, or an error that Tessera does not know"],
  ["2", "wrong usage: an option, a missing permission, an output that exists, a full disk"],
  ["3", "bad input: a picture or a weights file that cannot be used"],
  ["4", "no usable GPU"],
  ["5", "the GPU failed"],
  ["130", "interrupted"],
];
