// 3x3 convolution, stride 1, zero padding:
//   output = activate([output +] convolution(input) + bias) + scale0 * beside0 + scale1 * beside1
// or, with a gate, its product in place of activate(...).
//
// A convolution over several concatenated tensors is a chain of these, one per tensor: each but the
// first adds to what the one before it left in `output`, and only the last has bias, activation and
// tensors beside it (for the others bias is 0 and slope 1).
//
//   weights  [outBlock][input quad][OUT_QUADS][ky][kx][4 in] of vec4f (4 out)
//
// Every invocation reads its own window of the input. One invocation computes PX x PY pixels of
// OUT_QUADS quads; one workgroup WORKGROUP_X x WORKGROUP_Y such patches; workgroup y is the block of
// output quads, so that those that read the same input run one after another.
//
// The host keeps: every tensor covers the dispatched patches; behind the last weight there is room for
// the LANES that fetch it.
//
// In front of this file: shared/activations_*.wgsl, shared/activate_*.wgsl, shared/weights_*.wgsl,
// shared/conv_head.wgsl.

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
  let y = (workgroup.z * WORKGROUP_Y + local.y) * PY;
  let lane = local.x % LANES;
  let pitch = params.input_pitch;
  var sums: array<vec4f, OUT_QUADS * PY * PX>;
  var weight = workgroup.y * params.quads * WEIGHTS + lane;
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
      for (var k = first; k < min(first + LANES, WEIGHTS); k++) {
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
    let quad = workgroup.y * OUT_QUADS + q;
    let bias = weights[params.bias + quad];
    let slope = weights[params.slope + quad];
    let row = params.output_origin + quad * params.output_plane + y * params.output_pitch + x;
    // unroll
    for (var j = 0u; j < PY; j++) {
      // unroll
      for (var i = 0u; i < PX; i++) {
        let at = row + j * params.output_pitch + i;
        finish(sums[(q * PY + j) * PX + i], bias, slope, x + i, y + j, at);
      }
    }
  }
}
