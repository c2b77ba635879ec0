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

/** How activations lie in memory; arithmetic is f32 in both. */
export type Storage = "f32" | "f16";

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
