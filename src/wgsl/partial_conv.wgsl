// Partial large-kernel convolution (PLKSR): the first channels are convolved, KERNEL x KERNEL taps with
// zero padding; the others are copied.
//
// A tensor is [quad][row][column] of Quad (4 channels); the pixels around its width x height hold zero,
// so that a tap beyond them reads the nearest of these.
//   weights  [outBlock][input quad][ky][OUT_QUADS][kx][4 in] of vec4f (4 out)
//   bias     [out quad] of vec4f, behind the weights
//
// One invocation computes PX x 1 pixels: of OUT_QUADS quads where workgroup z is less than BLOCKS, the
// block of output quads; of one quad that is copied where it is more.
//
// The host keeps: every tensor covers the dispatched patches; behind the last weight there is room for
// the LANES that fetch it.
//
// In front of this file: shared/activations_*.wgsl, shared/weights_*.wgsl.

struct Params {
  input_corner: u32, // index of the border's corner, the pixel (-1, -1)
  input_pitch: u32,
  input_plane: u32,
  output_origin: u32, // index of the first output pixel
  output_pitch: u32,
  output_plane: u32,
  width: u32, // pixels that hold values, in both
  height: u32,
  bias: u32, // index of the first bias in weights
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read> input: array<Quad>;
@group(0) @binding(3) var<storage, read_write> output: array<Quad>;

const KERNEL = 17u;
const PX = 4u;
const OUT_QUADS = 4u;
const BLOCKS = 1u;
const WORKGROUP_X = 8u;
const WORKGROUP_Y = 1u;
const REACH = KERNEL / 2u;
const ROW = PX + KERNEL - 1u;
const QUADS = OUT_QUADS * BLOCKS;
const WEIGHTS = OUT_QUADS * KERNEL * 4u;

// Index in a plane of a pixel whose coordinates are REACH too large.
fn clamped(x: u32, y: u32) -> u32 {
  let column = clamp(x + 1u, REACH, params.width + REACH + 1u) - REACH;
  let row = clamp(y + 1u, REACH, params.height + REACH + 1u) - REACH;
  return params.input_corner + row * params.input_pitch + column;
}

fn write(quad: u32, x: u32, y: u32, value: vec4f) {
  let at = params.output_origin + quad * params.output_plane + y * params.output_pitch + x;
  let inside = x < params.width && y < params.height;
  output[at] = narrow(select(vec4f(), value, inside));
}

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y, 1)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let x = (workgroup.x * WORKGROUP_X + local.x) * PX;
  let y = workgroup.y * WORKGROUP_Y + local.y;
  if (workgroup.z >= BLOCKS) {
    let quad = QUADS + workgroup.z - BLOCKS;
    // unroll
    for (var i = 0u; i < PX; i++) {
      let at = clamped(x + i + REACH, y + REACH) + quad * params.input_plane;
      write(quad, x + i, y, widen(input[at]));
    }
    return;
  }
  let lane = local.x % LANES;
  var sums: array<vec4f, OUT_QUADS * PX>;
  var weight = workgroup.z * QUADS * KERNEL * WEIGHTS + lane;
  for (var step = 0u; step < QUADS * KERNEL; step++) {
    let plane = step / KERNEL * params.input_plane;
    let row = y + step % KERNEL;
    var window: array<vec4f, ROW>;
    // unroll
    for (var i = 0u; i < ROW; i++) {
      window[i] = widen(input[plane + clamped(x + i, row)]);
    }
    // unroll
    for (var first = 0u; first < WEIGHTS; first += LANES) {
      let fetched = weights[weight + first];
      // unroll
      for (var k = first; k < min(first + LANES, WEIGHTS); k++) {
        let taps = spread(fetched, k % LANES);
        // unroll
        for (var i = 0u; i < PX; i++) {
          sums[k / (4u * KERNEL) * PX + i] += window[i + k / 4u % KERNEL][k % 4u] * taps;
        }
      }
    }
    weight += WEIGHTS;
  }
  // unroll
  for (var q = 0u; q < OUT_QUADS; q++) {
    let quad = workgroup.z * OUT_QUADS + q;
    let bias = weights[params.bias + quad];
    // unroll
    for (var i = 0u; i < PX; i++) {
      write(quad, x + i, y, sums[q * PX + i] + bias);
    }
  }
}
