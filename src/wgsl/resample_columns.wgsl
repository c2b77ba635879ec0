// Second half of a separable resampling: along each column, then clamped, rounded and packed.
//
//   input   [row][column] of vec4f, `width` per row: what resample_rows wrote for a band of rows
//   taps    see shared/sum_column.wgsl
//   output  [output row][column] of DEPTH / 8 words, `width` pixels per row
//
// One invocation computes one output pixel.
//
// In front of this file: shared/grid.wgsl, shared/sum_column.wgsl, shared/write_pixel.wgsl.

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
fn main(@builtin(global_invocation_id) invocation: vec3u) {
  let id = place(invocation);
  if (id.x >= params.width || id.y >= params.height) {
    return;
  }
  let sum = sum_column(params.first_row + id.y, id.x, params.first_source_row);
  write_pixel(id.y * params.width + id.x, sum);
}
