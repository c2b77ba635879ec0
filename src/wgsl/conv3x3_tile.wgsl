// 3x3 convolution, stride 1, zero padding, with the input shared by a workgroup:
//   output = activate([output +] convolution(input) + bias) + scale0 * beside0 + scale1 * beside1
// or, with a gate, its product in place of activate(...).
//
// The same function, layouts and chain as conv3x3.wgsl. Here the workgroup first copies the input of
// all its patches, with their halo, into workgroup memory, one input quad at a time: neighbours then
// share what they would each read from storage.
//
// One invocation computes PX x PY pixels of OUT_QUADS quads; one workgroup WORKGROUP_X x WORKGROUP_Y
// such patches; workgroup z is the block of output quads.
//
// The host keeps: every tensor covers the dispatched patches; TILE_WIDTH * TILE_HEIGHT * 16 bytes of
// workgroup memory are there.
//
// In front of this file: shared/activations_*.wgsl, shared/activate_*.wgsl, shared/conv_head.wgsl.

const PX = 2u;
const PY = 2u;
const OUT_QUADS = 4u;
const WORKGROUP_X = 8u;
const WORKGROUP_Y = 8u;
const ROW = PX + 2u;
const WEIGHTS = OUT_QUADS * 36u;
const THREADS = WORKGROUP_X * WORKGROUP_Y;
const TILE_WIDTH = WORKGROUP_X * PX + 2u;
const TILE_HEIGHT = WORKGROUP_Y * PY + 2u;
const TILE = TILE_WIDTH * TILE_HEIGHT;

var<workgroup> tile: array<vec4f, TILE>;

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y, 1)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let left = workgroup.x * WORKGROUP_X * PX;
  let top = workgroup.y * WORKGROUP_Y * PY;
  let x = left + local.x * PX;
  let y = top + local.y * PY;
  let corner = local.y * PY * TILE_WIDTH + local.x * PX;
  var sums: array<vec4f, OUT_QUADS * PY * PX>;
  var weight = workgroup.z * params.quads * WEIGHTS;
  var origin = params.input_origin + top * params.input_pitch + left;

  for (var quad = 0u; quad < params.quads; quad++) {
    workgroupBarrier();
    // unroll
    for (var first = 0u; first < TILE; first += THREADS) {
      let i = first + index;
      if (i < TILE) {
        tile[i] = widen(input[origin + i / TILE_WIDTH * params.input_pitch + i % TILE_WIDTH]);
      }
    }
    workgroupBarrier();
    var window: array<vec4f, ROW * (PY + 2u)>;
    // unroll
    for (var j = 0u; j < PY + 2u; j++) {
      // unroll
      for (var i = 0u; i < ROW; i++) {
        window[j * ROW + i] = tile[corner + j * TILE_WIDTH + i];
      }
    }
    // unroll
    for (var k = 0u; k < WEIGHTS; k++) {
      let taps = weights[weight + k];
      // unroll
      for (var j = 0u; j < PY; j++) {
        // unroll
        for (var i = 0u; i < PX; i++) {
          sums[(k / 36u * PY + j) * PX + i] +=
            window[(j + k % 36u / 12u) * ROW + i + k % 12u / 4u][k % 4u] * taps;
        }
      }
    }
    origin += params.input_plane;
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
        finish(sums[(q * PY + j) * PX + i], bias, slope, x + i, y + j, at);
      }
    }
  }
}
