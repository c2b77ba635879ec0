// First half of a separable resampling: along each row.
//
//   pixels  [row][column] of SOURCE_DEPTH / 8 words
//   taps    [output column][1 + TAPS]: the first source column, then the weights as f32 bits
//   output  [row][output column] of vec4f, `width` per row
//
// Weights sum to 1; edges are already resolved in the source columns.
// One invocation computes one output pixel.
//
// In front of this file: shared/grid.wgsl, shared/read_pixel.wgsl.

struct Params {
  pixel_pitch: u32, // pixels per row of `pixels`
  taps: u32, // taps per output column
  width: u32, // output columns
  height: u32, // rows to compute
  first_row: u32, // the first of them, in `pixels` and in `output`
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> pixels: array<u32>;
@group(0) @binding(2) var<storage, read> taps: array<u32>;
@group(0) @binding(3) var<storage, read_write> output: array<vec4f>;

const SOURCE_DEPTH = 8u;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) invocation: vec3u) {
  let id = place(invocation);
  if (id.x >= params.width || id.y >= params.height) {
    return;
  }
  let row = params.first_row + id.y;
  let tap = id.x * (1u + params.taps);
  let first = row * params.pixel_pitch + taps[tap];
  var sum = vec4f();
  for (var i = 0u; i < params.taps; i++) {
    sum += bitcast<f32>(taps[tap + 1u + i]) * read_pixel(first + i);
  }
  output[row * params.width + id.x] = sum;
}
