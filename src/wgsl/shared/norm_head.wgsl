// What the kernels of a normalisation have in common: parameters and the buffer of a layer.
//
//   layer  of f32, `stored` for each of: weight, bias, and for a norm over the picture what is found on
//          the way: scale, shift; then its moments [quad][PARTS] of sum and sum of squares of 4 channels,
//          of the values less that of the first pixel
//
// In front of this file: activations_*.wgsl.

struct Params {
  input_origin: u32, // index of the first pixel
  input_pitch: u32,
  input_plane: u32,
  output_origin: u32,
  output_pitch: u32,
  output_plane: u32,
  width: u32, // pixels that hold values
  height: u32,
  channels: u32,
  stored: u32, // channels that are stored, a multiple of 4
  group: u32, // channels per group
  epsilon: f32,
  residual: f32, // factor of `residual` in the result; 0: not added
}

const PARTS = 64u;

@group(0) @binding(0) var<uniform> params: Params;
