// Activations to pixels: depth-to-space (pixel shuffle) by `factor`, plus the source picture enlarged
// by nearest neighbour where the network asks for it, clamped, rounded and packed.
//
//   input   Quads, as shared/quads_*.wgsl has them; colour c of output pixel (x, y) is channel
//           c * factor^2 + (y % factor) * factor + x % factor of input pixel (x, y) / factor
//   pixels  [row][column] of SOURCE_DEPTH / 8 words: the source picture of the same window
//   output  [row][column] of DEPTH / 8 words, `width` pixels per row; alpha is opaque
//
// Pixels with a value that is no finite number are counted in `not_finite`: clamping would hide them.
//
// One invocation computes one output pixel.
//
// In front of this file: shared/activations_*.wgsl, shared/quads_*.wgsl, shared/read_pixel.wgsl,
// shared/write_pixel.wgsl.

struct Params {
  input_origin: u32, // index of the first input pixel
  input_pitch: u32,
  input_plane: u32,
  factor: u32,
  left: u32, // output pixel at which this rectangle begins, in the window that `input` covers
  top: u32,
  width: u32, // size of the rectangle
  height: u32,
  pixel_pitch: u32, // pixels per row of `pixels`
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<Quad>;
@group(0) @binding(2) var<storage, read> pixels: array<u32>;
@group(0) @binding(3) var<storage, read_write> not_finite: atomic<u32>;
@group(0) @binding(4) var<storage, read_write> output: array<u32>;

const DEPTH = 8u;
const SOURCE_DEPTH = 8u;
const BASE = 0u;
const EXPONENT = vec3u(0x7f800000u); // all ones in infinities and NaNs

fn shuffled(x: u32, y: u32) -> vec3f {
  let factor = params.factor;
  let pixel = params.input_origin + y / factor * params.input_pitch + x / factor;
  var colour = vec3f();
  for (var c = 0u; c < 3u; c++) {
    let channel = (c * factor + y % factor) * factor + x % factor;
    colour[c] = widen(input[quad_index(pixel, channel / 4u, params.input_plane)])[channel % 4u];
  }
  return colour;
}

fn nearest(x: u32, y: u32) -> vec3f {
  let at = y / params.factor * params.pixel_pitch + x / params.factor;
  return read_pixel(at).rgb;
}

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.width || id.y >= params.height) {
    return;
  }
  let x = params.left + id.x;
  let y = params.top + id.y;
  var colour = shuffled(x, y);
  if (BASE == 1u) {
    colour += nearest(x, y);
  }
  if (any((bitcast<vec3u>(colour) & EXPONENT) == EXPONENT)) {
    atomicAdd(&not_finite, 1u);
  }
  write_pixel(id.y * params.width + id.x, vec4f(colour, 1.0));
}
