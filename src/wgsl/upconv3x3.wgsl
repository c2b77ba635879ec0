// Twofold enlargement by nearest neighbour, then a 3x3 convolution, without the enlarged tensor:
//   output = activate(convolution(enlarge(input)) + bias)
//
// An enlarged pixel repeats its source four times, so each of the four output pixels of a source
// pixel (its phases) sees only 2x2 source pixels, and taps that fall on the same one are summed by
// the host: 16 products per source pixel and channel pair instead of 36.
//
// A tensor is [quad][row][column] of Quad (4 channels) with a border of one pixel that stays zero.
//   weights  [outBlock][input quad][OUT_QUADS][phase y][phase x][tap y][tap x][4 in] of vec4f (4 out)
//   epilogue [2][out quad] of vec4f, behind the weights: bias, then slope below zero
// Phase p along an axis reads source pixels s + p - 1 and s + p.
//
// One invocation computes all phases of PX x 1 source pixels for OUT_QUADS quads; workgroup y is the
// block of output quads.
//
// The host keeps: tensors cover the dispatched patches (what lies beyond width x height is written
// as zero); OUT_QUADS * 64 is a multiple of LANES.
//
// In front of this file: shared/activations_*.wgsl, shared/activate_*.wgsl, shared/weights_*.wgsl,
// shared/upweights_*.wgsl.

struct Params {
  input_origin: u32, // index of the pixel above and left of the first source pixel
  input_pitch: u32,
  input_plane: u32,
  quads: u32, // quads of the input
  output_origin: u32, // index of the first output pixel
  output_pitch: u32,
  output_plane: u32,
  width: u32, // output pixels that hold values
  height: u32,
  bias: u32, // index of the first bias in weights
  slope: u32, // index of the first slope in weights
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read> input: array<Quad>;
@group(0) @binding(3) var<storage, read_write> output: array<Quad>;

const PX = 2u;
const OUT_QUADS = 2u;
const WORKGROUP_X = 8u;
const WORKGROUP_Y = 1u;
const ROW = PX + 2u;
const WEIGHTS = OUT_QUADS * 64u;

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y, 1)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let x = (workgroup.x * WORKGROUP_X + local.x) * PX;
  let y = workgroup.z * WORKGROUP_Y + local.y;
  let lane = local.x % LANES;
  let pitch = params.input_pitch;
  var sums: array<vec4f, OUT_QUADS * 4u * PX>; // [out quad][phase y][phase x][pixel]
  var weight = workgroup.y * params.quads * WEIGHTS + lane;
  var corner = params.input_origin + y * pitch + x;

  for (var quad = 0u; quad < params.quads; quad++) {
    stage(weight, index);
    var window: array<vec4f, ROW * 3u>;
    // unroll
    for (var j = 0u; j < 3u; j++) {
      // unroll
      for (var i = 0u; i < ROW; i++) {
        window[j * ROW + i] = widen(input[corner + j * pitch + i]);
      }
    }
    // unroll
    for (var first = 0u; first < WEIGHTS; first += LANES) {
      let fetched = fetch(weight, first);
      // unroll
      for (var k = first; k < first + LANES; k++) {
        let taps = spread(fetched, k % LANES);
        // unroll
        for (var i = 0u; i < PX; i++) {
          sums[k / 16u * PX + i] +=
            window[(k / 32u % 2u + k / 8u % 2u) * ROW + i + k / 16u % 2u + k / 4u % 2u][k % 4u] * taps;
        }
      }
    }
    corner += params.input_plane;
    weight += WEIGHTS;
  }

  // unroll
  for (var q = 0u; q < OUT_QUADS; q++) {
    let quad = workgroup.y * OUT_QUADS + q;
    let bias = weights[params.bias + quad];
    let slope = weights[params.slope + quad];
    let plane = params.output_origin + quad * params.output_plane;
    // unroll
    for (var phase = 0u; phase < 4u; phase++) {
      // unroll
      for (var i = 0u; i < PX; i++) {
        let sum = sums[(q * 4u + phase) * PX + i] + bias;
        let to = vec2u((x + i) * 2u + phase % 2u, y * 2u + phase / 2u);
        let value = activate(sum, slope);
        let inside = to.x < params.width && to.y < params.height;
        output[plane + to.y * params.output_pitch + to.x] =
          narrow(select(vec4f(), value, inside));
      }
    }
  }
}
