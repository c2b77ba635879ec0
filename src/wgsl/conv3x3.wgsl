// 3x3 convolution, stride 1, zero padding:
//   output = activate([output +] convolution(input) + bias)
//            + residual0_scale * residual0 + residual1_scale * residual1
//
// A convolution over several concatenated tensors is a chain of these, one per tensor: each but the
// first adds to what the one before it left in `output`, and only the last has bias, activation and
// residuals (for the others bias is 0 and slope 1).
//
// A tensor is [quad][row][column] of Quad, where a quad is 4 channels, with a border of one pixel
// that stays zero. Rows and planes are as long as `params` says.
//   weights  [outBlock][input quad][OUT_QUADS][ky][kx][4 in] of vec4f (4 out)
//   epilogue [2][out quad] of vec4f, behind the weights: bias, then slope below zero
//
// One invocation computes PX x PY pixels of OUT_QUADS quads; one workgroup WORKGROUP_X x WORKGROUP_Y
// such patches; workgroup z is the block of output quads.
//
// The host keeps: every tensor covers the dispatched patches (what lies beyond width x height is
// written as zero, so that the border of a smaller picture is zero too); OUT_QUADS * 36 is a
// multiple of LANES; residuals have the output's quads, rows and planes.
//
// In front of this file: shared/activations_*.wgsl and shared/weights_*.wgsl.

struct Params {
  input_origin: u32, // index of the pixel above and left of the first output pixel
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
  add: u32, // 1: add to what output holds
  residuals: u32, // 0, 1 or 2
  residual0_scale: f32,
  residual1_scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read> input: array<Quad>;
@group(0) @binding(3) var<storage, read> residual0: array<Quad>;
@group(0) @binding(4) var<storage, read> residual1: array<Quad>;
@group(0) @binding(5) var<storage, read_write> output: array<Quad>;

const PX = 2u;
const PY = 2u;
const OUT_QUADS = 4u;
const WORKGROUP_X = 8u;
const WORKGROUP_Y = 1u;
const ROW = PX + 2u;
const WEIGHTS = OUT_QUADS * 36u;

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y, 1)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let x = (workgroup.x * WORKGROUP_X + local.x) * PX;
  let y = (workgroup.y * WORKGROUP_Y + local.y) * PY;
  let lane = local.x % LANES;
  let pitch = params.input_pitch;
  var sums: array<vec4f, OUT_QUADS * PY * PX>;
  var weight = workgroup.z * params.quads * WEIGHTS + lane;
  var corner = params.input_origin + y * pitch + x;

  for (var quad = 0u; quad < params.quads; quad++) {
    var window: array<vec4f, ROW * (PY + 2u)>;
    // unroll
    for (var j = 0u; j < PY + 2u; j++) {
      // unroll
      for (var i = 0u; i < ROW; i++) {
        window[j * ROW + i] = widen(input[corner + j * pitch + i]);
      }
    }
    // unroll
    for (var first = 0u; first < WEIGHTS; first += LANES) {
      let fetched = weights[weight + first];
      // unroll
      for (var k = first; k < first + LANES; k++) {
        let taps = spread(fetched, k % LANES);
        // unroll
        for (var j = 0u; j < PY; j++) {
          // unroll
          for (var i = 0u; i < PX; i++) {
            sums[(k / 36u * PY + j) * PX + i] +=
              window[(j + k % 36u / 12u) * ROW + i + k % 12u / 4u][k % 4u] * taps;
          }
        }
      }
    }
    corner += params.input_plane;
    weight += WEIGHTS;
  }

  // unroll
  for (var q = 0u; q < OUT_QUADS; q++) {
    let quad = workgroup.z * OUT_QUADS + q;
    let bias = weights[params.bias + quad];
    let slope = weights[params.slope + quad];
    let row = params.output_origin + quad * params.output_plane + y * params.output_pitch + x;
    // unroll
    for (var j = 0u; j < PY; j++) {
      // unroll
      for (var i = 0u; i < PX; i++) {
        let at = row + j * params.output_pitch + i;
        var value = sums[(q * PY + j) * PX + i] + bias;
        if (params.add == 1u) {
          value += widen(output[at]);
        }
        value = select(value * slope, value, value >= vec4f());
        if (params.residuals >= 1u) {
          value += params.residual0_scale * widen(residual0[at]);
        }
        if (params.residuals == 2u) {
          value += params.residual1_scale * widen(residual1[at]);
        }
        let inside = x + i < params.width && y + j < params.height;
        output[at] = narrow(select(vec4f(), value, inside));
      }
    }
  }
}
