/**
 * What every kernel of this room hands to the engine: a shader, its parameters and its size.
 *
 * A kernel file says what it demands and refuses anything else; it never touches the GPU, so that
 * all of it can be tested and planned without one.
 */

/** One shader as it is compiled: its text is complete, its label names it in errors. */
export interface Shader {
  label: string;
  code: string;
}

const shaders = new Map<string, Shader>();

/** Returns the shader of a label, whose text is made only the first time. */
export function shaderOf(label: string, code: () => string): Shader {
  let shader = shaders.get(label);
  if (shader === undefined) {
    shader = { label, code: code() };
    shaders.set(label, shader);
  }
  return shader;
}

/** One run of a shader. Bindings follow the parameters (binding 0) in the order of the shader. */
export interface Dispatch {
  shader: Shader;
  /** Words of the uniform `params`, in the order of the shader's struct. */
  params: Uint32Array;
  workgroups: [x: number, y: number, z: number];
  /** Floating-point operations, by the mathematical definition (2 per multiply-add). */
  flop: number;
}

/** The most workgroups along one side of a grid, which every adapter has. */
const MOST_GROUPS = 65535;

/** Rows that a grid of {@linkcode gridOf} can have at most. */
export const MOST_GRID_ROWS: number = 8 * MOST_GROUPS;

/**
 * The grid of 8x8 workgroups over a raster: rows that are wider than one can be go on in its next layer.
 * Must be kept in sync with `wgsl/shared/grid.wgsl`.
 *
 * @throws {RangeError} If it has more than {@linkcode MOST_GRID_ROWS} rows.
 */
export function gridOf(width: number, height: number): Dispatch["workgroups"] {
  if (height > MOST_GRID_ROWS) {
    throw new RangeError(`Cannot compute ${height} rows at once: ${MOST_GRID_ROWS} at most`);
  }
  const across = Math.ceil(width / 8);
  return [Math.min(across, MOST_GROUPS), Math.ceil(height / 8), Math.ceil(across / MOST_GROUPS)];
}

/**
 * How activations lie in memory: in quads, of f32 or f16, whose arithmetic is f32; or as `matrix` units
 * read them, f16 in chunks of 16 channels, whose products are of f16 and sums of f32.
 */
export type Storage = "f32" | "f16" | "matrix";

/** Those in quads, which every adapter computes. */
export type QuadStorage = Exclude<Storage, "matrix">;

/**
 * Builds the words of a params struct from its fields in order; floats are given as `{ f32 }`. The
 * size is rounded up to the 16 bytes that a struct with a vec4 has.
 */
export function paramWords(fields: (number | { f32: number })[]): Uint32Array {
  const words = new Uint32Array(Math.ceil(fields.length / 4) * 4);
  const floats = new Float32Array(words.buffer);
  fields.forEach((field, i) => {
    if (typeof field === "number") words[i] = field;
    else floats[i] = field.f32;
  });
  return words;
}
