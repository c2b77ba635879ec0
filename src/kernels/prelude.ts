/**
 * The shared heads of the shaders: how activations are stored and how weights are fetched.
 *
 * A shader's own head says which of these it needs in front of it.
 */

import { specialise } from "../gpu/specialise.ts";
import {
  activationsF16,
  activationsF32,
  quadsChunks,
  quadsPlanes,
  weightsSubgroup,
  weightsUniform,
} from "../wgsl/sources.ts";
import type { Storage } from "./dispatch.ts";
import { type Style, STYLES } from "./styles.ts";

/** Returns the text in front of a shader that reads or writes activations. */
export function activations(storage: Storage): string {
  return storage === "f32" ? activationsF32 : activationsF16;
}

/** Returns the text that says where a quad lies, for shaders that take tensors in planes or in chunks. */
export function quadsOf(storage: Storage): string {
  return storage === "matrix" ? quadsChunks : quadsPlanes;
}

/** Returns the text that says how a style of convolution gets its weights. */
export function weightsOf(style: Style): string {
  const { lanes } = STYLES[style];
  return lanes === undefined ? weightsUniform : specialise(weightsSubgroup, { LANES: lanes });
}
