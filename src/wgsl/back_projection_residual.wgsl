// Back-projection, at the small size: what the shrunk result lacks, and how it gets less with each
// round. The second half of a separable filter (along columns), and one of three uses of its sum.
//
//   input       [row][column] of vec4f: what resample_rows wrote
//   taps        see shared/sum_column.wgsl
//   wanted      [row][column] of vec4f: the picture that the shrunk result is to be
//   residual    [row][column] of vec4f: what of it is missing
//   correction  [row][column] of vec4f: what will be enlarged and added to the result
//
// STEP 0, missing:  sum is the shrunk result;  residual = wanted - sum, correction = residual
// STEP 1, deduct:   sum is the residual, enlarged and shrunk;  residual -= sum, correction += residual
// STEP 2, free:     sum is the residual's low frequencies;  of the others a share is given up, in
//                   `residual` and in `wanted`
//
// The last four buffers hold rows from `first_row` on, `input` those from `first_source_row` on.
// One invocation computes one pixel.
//
// In front of this file: shared/grid.wgsl, shared/sum_column.wgsl.

struct Params {
  taps: u32,
  width: u32,
  height: u32, // rows to compute
  row: u32, // the first of them, in the picture
  first_row: u32,
  first_source_row: u32,
  freedom: f32, // STEP 2: the share that is given up, 0..1
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<vec4f>;
@group(0) @binding(2) var<storage, read> taps: array<u32>;
@group(0) @binding(3) var<storage, read_write> wanted: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> residual: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> correction: array<vec4f>;

const STEP = 0u;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) invocation: vec3u) {
  let id = place(invocation);
  if (id.x >= params.width || id.y >= params.height) {
    return;
  }
  let row = params.row + id.y;
  let sum = sum_column(row, id.x, params.first_source_row);
  let at = (row - params.first_row) * params.width + id.x;
  if (STEP == 0u) {
    residual[at] = wanted[at] - sum;
    correction[at] = residual[at];
  } else if (STEP == 1u) {
    residual[at] -= sum;
    correction[at] += residual[at];
  } else {
    let given_up = params.freedom * (residual[at] - sum);
    wanted[at] -= given_up;
    residual[at] -= given_up;
    correction[at] = residual[at];
  }
}
