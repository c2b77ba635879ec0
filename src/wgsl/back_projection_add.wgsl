// Back-projection, at the large size: adds the enlarged correction to the result, within the limits.
// The second half of a separable resampling (along columns), then added, limited, rounded and packed.
//
//   input   [row][column] of vec4f: the correction, enlarged along rows
//   taps    see shared/sum_column.wgsl
//   limits  [small row][small column] of vec4u: lowest and highest value of each channel, from -1..2 as
//           two unorm16
//   pixels  [output row][column] of SOURCE_DEPTH / 8 words: the result so far
//   output  [output row][column] of DEPTH / 8 words
//
// Each buffer holds rows from a row of its own on (see the parameters). One invocation computes one
// pixel.
//
// In front of this file: shared/grid.wgsl, shared/sum_column.wgsl, shared/read_pixel.wgsl, shared/write_pixel.wgsl.

struct Params {
  taps: u32,
  width: u32, // output columns
  height: u32, // rows to compute
  row: u32, // the first of them, in the picture
  first_small_row: u32, // small row at which `input` and `limits` begin
  small_width: u32,
  small_height: u32, // small rows of the picture
  rows_per_row: f32, // small rows for an output row, below 1
  columns_per_column: f32,
  first_pixel_row: u32, // output row at which `pixels` begins
  first_output_row: u32, // output row at which `output` begins
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<vec4f>;
@group(0) @binding(2) var<storage, read> taps: array<u32>;
@group(0) @binding(3) var<storage, read> limits: array<vec4u>;
@group(0) @binding(4) var<storage, read> pixels: array<u32>;
@group(0) @binding(5) var<storage, read_write> output: array<u32>;

const DEPTH = 8u;
const SOURCE_DEPTH = 8u;
const LIMITED = 1u;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) invocation: vec3u) {
  let id = place(invocation);
  if (id.x >= params.width || id.y >= params.height) {
    return;
  }
  let row = params.row + id.y;
  let sum = sum_column(row, id.x, params.first_small_row);
  var value = sum + read_pixel((row - params.first_pixel_row) * params.width + id.x);
  if (LIMITED == 1u) {
    // The small pixel in which the middle of this one lies.
    let middle = (vec2f(f32(id.x), f32(row)) + 0.5) *
      vec2f(params.columns_per_column, params.rows_per_row);
    let small_row = min(u32(middle.y), params.small_height - 1u);
    let small_column = min(u32(middle.x), params.small_width - 1u);
    let at = (small_row - params.first_small_row) * params.small_width + small_column;
    let packed = limits[at];
    for (var c = 0u; c < 4u; c++) {
      let range = unpack2x16unorm(packed[c]) * 3.0 - 1.0;
      value[c] = clamp(value[c], range.x, range.y);
    }
  }
  write_pixel((row - params.first_output_row) * params.width + id.x, value);
}
