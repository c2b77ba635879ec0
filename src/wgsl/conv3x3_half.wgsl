// 3x3 convolution, stride 1, zero padding, by columns of taps, with products in f16:
//   output = activate([output +] convolution(input) + bias) + scale0 * beside0 + scale1 * beside1
// or, with a gate, its product in place of activate(...).
//
// Many GPUs multiply and add two f16 in the time of one f32. The 36 products of an input quad are
// added in f16; those sums, and all that follows, are f32: an f16 of 11 bits would lose what many
// small products add to a large sum.
//
// Otherwise as conv3x3_columns.wgsl, whose tensors, grid and demands these are; weights are f16.
//
// In front of this file: shared/activations_half.wgsl, shared/activate_*.wgsl, shared/columns_half.wgsl,
// shared/conv_head.wgsl.

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
) {
  let x = (workgroup.x * WORKGROUP_X + local.x) * PX;
  let y = (workgroup.z * WORKGROUP_Y + local.y) * PY;
  let pitch = params.input_pitch;
  var sums: array<vec4f, OUT_QUADS * PY>;
  var column = workgroup.y * params.quads * 3u;
  var corner = params.input_origin + y * pitch + x;

  for (var quad = 0u; quad < params.quads; quad++) {
    // Set to zero in words: naga would set it once, before the loop.
    var partial = array<Quad, OUT_QUADS * PY>();
    for (var kx = 0u; kx < 3u; kx++) {
      var window: array<Quad, PY + 2u>;
      // unroll
      for (var j = 0u; j < PY + 2u; j++) {
        window[j] = input[corner + kx + j * pitch];
      }
      // unroll
      for (var k = 0u; k < COLUMN; k++) {
        let taps = weights[column][k];
        // unroll
        for (var j = 0u; j < PY; j++) {
          partial[k / 12u * PY + j] = fma(
            Quad(window[j + k % 12u / 4u][k % 4u]),
            taps,
            partial[k / 12u * PY + j],
          );
        }
      }
      column += 1u;
    }
    // unroll
    for (var s = 0u; s < OUT_QUADS * PY; s++) {
      sums[s] += widen(partial[s]);
    }
    corner += params.input_plane;
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
