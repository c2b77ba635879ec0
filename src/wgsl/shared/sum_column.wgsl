// The second half of a separable filter: the weighted sum of a run of rows, in one column.
//
//   input  [row][column] of vec4f, `params.width` per row: what resample_rows wrote
//   taps   [output row][1 + params.taps]: the first row of `input`, then the weights as f32 bits, for
//          the whole picture
//
// The shader that follows declares both, and the parameters `taps` and `width`.

fn sum_column(output_row: u32, column: u32, first_input_row: u32) -> vec4f {
  let tap = output_row * (1u + params.taps);
  var at = (taps[tap] - first_input_row) * params.width + column;
  var sum = vec4f();
  for (var i = 0u; i < params.taps; i++) {
    sum += bitcast<f32>(taps[tap + 1u + i]) * input[at];
    at += params.width;
  }
  return sum;
}
