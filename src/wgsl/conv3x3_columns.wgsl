// 3x3 convolution, stride 1, zero padding, by columns of taps:
//   output = activate([output +] convolution(input) + bias) + scale0 * beside0 + scale1 * beside1
// or, with a gate, its product in place of activate(...).
//
// The same function and chain as conv3x3.wgsl, but for the weights:
//   weights  [outBlock][input quad][kx][OUT_QUADS][ky][4 in] of vec4f (4 out)
//
// One invocation computes a column of PY pixels of OUT_QUADS quads. It has a real loop over the columns
// of taps: few values are alive at a time, so that no compiler runs out of registers, and the code fits
// instruction caches. One workgroup computes WORKGROUP_X x WORKGROUP_Y such columns, and neighbours
// along x read neighbouring pixels; workgroup y is the block of output quads.
//
// The host keeps: every tensor covers the dispatched columns of pixels; the weights with their epilogue
// are a whole number of columns.
//
// In front of this file: shared/activations_*.wgsl, shared/activate_*.wgsl, shared/columns_direct.wgsl or
// shared/columns_staged.wgsl, shared/conv_head.wgsl.

const PX = 1u;
const PY = 4u;
const OUT_QUADS = 4u;
const WORKGROUP_X = 32u;
const WORKGROUP_Y = 2u;
const COLUMN = OUT_QUADS * 12u;

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y, 1)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let x = (workgroup.x * WORKGROUP_X + local.x) * PX;
  let y = (workgroup.z * WORKGROUP_Y + local.y) * PY;
  let pitch = params.input_pitch;
  var sums: array<vec4f, OUT_QUADS * PY>;
  var column = workgroup.y * params.quads * 3u;
  var corner = params.input_origin + y * pitch + x;

  for (var quad = 0u; quad < params.quads; quad++) {
    stage(column, index);
    for (var kx = 0u; kx < 3u; kx++) {
      var window: array<vec4f, PY + 2u>;
      // unroll
      for (var j = 0u; j < PY + 2u; j++) {
        window[j] = widen(input[corner + kx + j * pitch]);
      }
      // unroll
      for (var k = 0u; k < COLUMN; k++) {
        let taps = tap(column, kx, k);
        // unroll
        for (var j = 0u; j < PY; j++) {
          sums[k / 12u * PY + j] += window[j + k % 12u / 4u][k % 4u] * taps;
        }
      }
    }
    corner += params.input_plane;
    column += 3u;
  }

  // unroll
  for (var q = 0u; q < OUT_QUADS; q++) {
    let quad = workgroup.y * OUT_QUADS + q;
    let bias = epilogue(params.bias + quad);
    let slope = epilogue(params.slope + quad);
    let row = params.output_origin + quad * params.output_plane + y * params.output_pitch + x;
    // unroll
    for (var j = 0u; j < PY; j++) {
      finish(sums[q * PY + j], bias, slope, x, y + j, row + j * params.output_pitch);
    }
  }
}
