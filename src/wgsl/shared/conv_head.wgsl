// What the convolutions that do not enlarge have in common: parameters, bindings, and what follows the
// sums.
//
// A tensor is [quad][row][column] of Quad, where a quad is 4 channels, with a border of one pixel
// that stays zero. Rows and planes are as long as `params` says.
//   weights  as the shader that follows says, in units of Weights
//   epilogue [2][out quad] of vec4f, behind the weights: bias, then slope below zero
//   beside   two tensors of the output's quads, rows and planes, read at the pixel that is written
//
// In front of this file: activations_*.wgsl, activate_*.wgsl, and weights_*.wgsl or columns_*.wgsl.

struct Params {
  input_origin: u32, // index of the first pixel that the first output pixel sees
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
  scale0: f32, // of beside0 in the result; 0: not added
  scale1: f32, // of beside1
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weights: array<Weights>;
@group(0) @binding(2) var<storage, read> input: array<Quad>;
@group(0) @binding(3) var<storage, read> beside0: array<Quad>;
@group(0) @binding(4) var<storage, read> beside1: array<Quad>;
@group(0) @binding(5) var<storage, read_write> output: array<Quad>;

const GATE = 0u; // 0: none, 1: attention, 2: product; with a gate beside0 is what is gated

// Parameter-free attention (SPAN): value + other, weighted by a sigmoid around zero, which is written
// so that nothing cancels. The exponent stays where exp() is finite.
fn attend(value: vec4f, other: vec4f) -> vec4f {
  let e = exp(min(-value, vec4f(80.0)));
  return (value + other) * ((0.5 - 0.5 * e) / (1.0 + e));
}

// Writes one quad of output pixel (x, y), which lies at index `at`:
//   activate([output +] sum + bias) + scale0 * beside0 + scale1 * beside1
// with attend(..., beside0) or activate(...) * beside0 in place of activate(...) if there is a gate.
// Beyond width x height it writes zero, so that the border of a smaller picture is zero too.
fn finish(sum: vec4f, bias: vec4f, slope: vec4f, x: u32, y: u32, at: u32) {
  var value = sum + bias;
  if (params.add == 1u) {
    value += widen(output[at]);
  }
  if (GATE == 1u) {
    value = attend(value, widen(beside0[at]));
  } else {
    value = activate(value, slope);
  }
  if (GATE == 2u) {
    value *= widen(beside0[at]);
  }
  if (params.scale0 != 0.0) {
    value += params.scale0 * widen(beside0[at]);
  }
  if (params.scale1 != 0.0) {
    value += params.scale1 * widen(beside1[at]);
  }
  let inside = x < params.width && y < params.height;
  output[at] = narrow(select(vec4f(), value, inside));
}
