// Depthwise 3x3 convolution, stride 1, zero padding: each channel is convolved with taps of its own.
//
// A tensor is [quad][row][column] of Quad (4 channels) with a border of one pixel that stays zero.
//   weights  [quad][ky][kx] of vec4f, then bias [quad]
//
// One invocation computes one quad of PX x 1 pixels; workgroup z is the quad.
//
// The host keeps: every tensor covers the dispatched patches.
//
// In front of this file: shared/activations_*.wgsl.

struct Params {
  input_corner: u32, // index of the border's corner, the pixel (-1, -1)
  input_pitch: u32,
  input_plane: u32,
  output_origin: u32, // index of the first output pixel
  output_pitch: u32,
  output_plane: u32,
  width: u32, // pixels that hold values
  height: u32,
  bias: u32, // index of the first bias in weights
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read> input: array<Quad>;
@group(0) @binding(3) var<storage, read_write> output: array<Quad>;

const PX = 4u;
const WORKGROUP_X = 8u;
const WORKGROUP_Y = 1u;
const ROW = PX + 2u;

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y, 1)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let x = id.x * PX;
  let y = id.y;
  let corner = params.input_corner + id.z * params.input_plane + y * params.input_pitch + x;
  var sums: array<vec4f, PX>;
  // unroll
  for (var j = 0u; j < 3u; j++) {
    var window: array<vec4f, ROW>;
    // unroll
    for (var i = 0u; i < ROW; i++) {
      window[i] = widen(input[corner + j * params.input_pitch + i]);
    }
    // unroll
    for (var k = 0u; k < 3u; k++) {
      let taps = weights[id.z * 9u + j * 3u + k];
      // unroll
      for (var i = 0u; i < PX; i++) {
        sums[i] += window[i + k] * taps;
      }
    }
  }
  let bias = weights[params.bias + id.z];
  let at = params.output_origin + id.z * params.output_plane + y * params.output_pitch + x;
  // unroll
  for (var i = 0u; i < PX; i++) {
    let inside = x + i < params.width && y < params.height;
    output[at + i] = narrow(select(vec4f(), sums[i] + bias, inside));
  }
}
