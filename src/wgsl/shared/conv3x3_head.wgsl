// What every 3x3 convolution has in common: parameters, bindings, and what follows the sums.
//
// A tensor is [quad][row][column] of Quad, where a quad is 4 channels, with a border of one pixel
// that stays zero. Rows and planes are as long as `params` says.
//   weights  [outBlock][input quad][OUT_QUADS][ky][kx][4 in] of vec4f (4 out)
//   epilogue [2][out quad] of vec4f, behind the weights: bias, then slope below zero
//
// In front of this file: activations_*.wgsl.

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

// Writes one quad of output pixel (x, y), which lies at index `at`:
//   activate([output +] sum + bias) + residual0_scale * residual0 + residual1_scale * residual1
// Beyond width x height it writes zero, so that the border of a smaller picture is zero too.
fn finish(sum: vec4f, bias: vec4f, slope: vec4f, x: u32, y: u32, at: u32) {
  var value = sum + bias;
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
  let inside = x < params.width && y < params.height;
  output[at] = narrow(select(vec4f(), value, inside));
}
