// What the convolutions that do not enlarge have in common: parameters, bindings, and what follows the
// sums.
//
// A tensor is [quad][row][column] of Quad, where a quad is 4 channels, with a border of one pixel
// that stays zero. Rows and planes are as long as `params` says.
//   weights  as the shader that follows says, in units of Weights
//   epilogue [2][out quad] of vec4f, behind the weights: bias, then slope below zero
//   beside   two tensors of the output's quads, rows and planes, read at the pixel that is written
//
// In front of this file: activations_*.wgsl, activate_*.wgsl, conv_end.wgsl, and weights_*.wgsl or
// columns_*.wgsl.

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

// Writes one quad of output pixel (x, y), which lies at index `at`. Beyond width x height it writes zero,
// so that the border of a smaller picture is zero too.
fn finish(sum: vec4f, bias: vec4f, slope: vec4f, x: u32, y: u32, at: u32) {
  let inside = x < params.width && y < params.height;
  output[at] = narrow(select(vec4f(), ended(sum + bias, slope, at), inside));
}
