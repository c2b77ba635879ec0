// 3x3 convolution, stride 1, zero padding, by columns of taps and Winograd's F(4,3) along each column:
//   output = activate([output +] convolution(input) + bias) + scale0 * beside0 + scale1 * beside1
// or, with a gate, its product in place of activate(...).
//
// Four outputs of a filter of three taps need 6 products instead of 12 (Lavin and Gray, 2016): six
// sums of the column's pixels are multiplied with six sums of its taps, which the host has packed:
//   weights  [outBlock][input quad][kx][OUT_QUADS][6][4 in] of vec4f (4 out)
// The products of all columns and input quads add up before they become outputs.
//
// Otherwise as conv3x3_columns.wgsl, whose tensors, grid and demands these are; PY is 4.
//
// In front of this file: shared/activations_*.wgsl, shared/activate_*.wgsl, shared/columns_direct.wgsl or
// shared/columns_staged.wgsl, shared/conv_head.wgsl.

const PX = 1u;
const PY = 4u;
const OUT_QUADS = 4u;
const WORKGROUP_X = 32u;
const WORKGROUP_Y = 2u;
const COLUMN = OUT_QUADS * 24u;

@compute @workgroup_size(WORKGROUP_X, WORKGROUP_Y, 1)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(local_invocation_id) local: vec3u,
  @builtin(local_invocation_index) index: u32,
) {
  let x = (workgroup.x * WORKGROUP_X + local.x) * PX;
  let y = (workgroup.z * WORKGROUP_Y + local.y) * PY;
  let pitch = params.input_pitch;
  var products: array<vec4f, OUT_QUADS * 6u>;
  var column = workgroup.y * params.quads * 3u;
  var corner = params.input_origin + y * pitch + x;

  for (var quad = 0u; quad < params.quads; quad++) {
    stage(column, index);
    for (var kx = 0u; kx < 3u; kx++) {
      var pixels: array<vec4f, 6>;
      // unroll
      for (var j = 0u; j < 6u; j++) {
        pixels[j] = widen(input[corner + kx + j * pitch]);
      }
      let even = pixels[4] - 4.0 * pixels[2];
      let odd = pixels[3] - 4.0 * pixels[1];
      let near = pixels[4] - pixels[2];
      let far = 2.0 * (pixels[3] - pixels[1]);
      let mixed = array<vec4f, 6>(
        4.0 * pixels[0] - 5.0 * pixels[2] + pixels[4],
        even + odd,
        even - odd,
        near + far,
        near - far,
        4.0 * pixels[1] - 5.0 * pixels[3] + pixels[5],
      );
      // unroll
      for (var k = 0u; k < COLUMN; k++) {
        products[k / 4u] += mixed[k % 24u / 4u][k % 4u] * tap(column, kx, k);
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
    let sum1 = products[q * 6u + 1u] + products[q * 6u + 2u];
    let difference1 = products[q * 6u + 1u] - products[q * 6u + 2u];
    let sum2 = products[q * 6u + 3u] + products[q * 6u + 4u];
    let difference2 = products[q * 6u + 3u] - products[q * 6u + 4u];
    let sums = array<vec4f, 4>(
      products[q * 6u] + sum1 + sum2,
      difference1 + 2.0 * difference2,
      sum1 + 4.0 * sum2,
      difference1 + 8.0 * difference2 + products[q * 6u + 5u],
    );
    // unroll
    for (var j = 0u; j < PY; j++) {
      finish(sums[j], bias, slope, x, y + j, row + j * params.output_pitch);
    }
  }
}
