// 1x1 convolution:
//   output = activate([output +] convolution(input) + bias) + scale0 * beside0 + scale1 * beside1
// or, with a gate, its product in place of activate(...).
//
// The same layouts and chain as conv3x3.wgsl, but for the weights:
//   weights  [outBlock][input quad][OUT_QUADS][4 in] of vec4f (4 out)
//
// One invocation computes PX x PY pixels of OUT_QUADS quads; one workgroup WORKGROUP_X x WORKGROUP_Y
// such patches; workgroup y is the block of output quads.
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
const WEIGHTS = OUT_QUADS * 4u;

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
    var held: array<vec4f, PX * PY>;
    // unroll
    for (var j = 0u; j < PY; j++) {
      // unroll
      for (var i = 0u; i < PX; i++) {
        held[j * PX + i] = widen(input[corner + j * pitch + i]);
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
            sums[(k / 4u * PY + j) * PX + i] += held[j * PX + i][k % 4u] * taps;
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
