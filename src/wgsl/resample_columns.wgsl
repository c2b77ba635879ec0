// Second half of a separable resampling: along each column, then clamped, rounded and packed.
//
//   input   [row][column] of vec4f, `width` per row: what resample_rows wrote for a band of rows
//   taps    [output row][1 + TAPS]: the first source row, then the weights as f32 bits, for the whole
//           picture
//   output  [output row][column] of DEPTH / 8 words, `width` pixels per row
//
// One invocation computes one output pixel.
//
// In front of this file: shared/write_pixel.wgsl.

struct Params {
  taps: u32, // taps per output row
  width: u32, // columns
  height: u32, // output rows of this band
  first_row: u32, // output row of the picture at which the band begins
  first_source_row: u32, // source row of the picture at which `input` begins
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<vec4f>;
@group(0) @binding(2) var<storage, read> taps: array<u32>;
@group(0) @binding(3) var<storage, read_write> output: array<u32>;

const DEPTH = 8u;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.width || id.y >= params.height) {
    return;
  }
  let tap = (params.first_row + id.y) * (1u + params.taps);
  var at = (taps[tap] - params.first_source_row) * params.width + id.x;
  var sum = vec4f();
  for (var i = 0u; i < params.taps; i++) {
    sum += bitcast<f32>(taps[tap + 1u + i]) * input[at];
    at += params.width;
  }
  write_pixel(id.y * params.width + id.x, sum);
}
