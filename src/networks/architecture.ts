/**
 * What the registry knows of an architecture: how to tell that a checkpoint is of it, and how to read
 * one. Each has its folder beside this file.
 */

import type { Checkpoint } from "./checkpoint.ts";
import type { Network } from "./network.ts";

/** The metadata of a checkpoint's file, by key. */
export type Metadata = ReadonlyMap<string, string>;

/** An architecture of networks. */
export interface Architecture {
  /** Its name in the field. */
  name: string;
  /** Programs and papers under whose names people know its networks, for messages. */
  knownAs: string[];
  /**
   * Tells whether the tensors of a checkpoint are of this architecture.
   *
   * @param names their names, without wrappers such as `params_ema.`
   * @returns how to read them, or undefined when they are of another one
   */
  match(names: readonly string[]): Match | undefined;
}

/** A checkpoint's names, recognised. */
export interface Match {
  /** How the names differ from those that the architecture's reader uses; none if they do not. */
  dialect?: Dialect;
  /**
   * Reads the network.
   *
   * @throws {ModelError} naming the tensors that are missing, surplus, misshapen or not finite
   */
  read(checkpoint: Checkpoint, metadata: Metadata): Network;
}

/** One program's names for an architecture's tensors. */
export interface Dialect {
  /** Whose names they are. */
  name: string;
  /** Whose names the reader uses. */
  canonical: string;
  /** Turns a name into the reader's; one that no rule knows stays as it is. */
  translate(name: string): string;
}
