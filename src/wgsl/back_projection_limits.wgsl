// Back-projection, at the small size: the range that results may take around each pixel. It is the
// range of the 5x5 pixels around it, widened at both ends by a share of itself.
//
//   wanted  [row][column] of vec4f, rows from `first_row` on
//   limits  [row][column] of vec4u: lowest and highest value of each channel, rows from `first_row` on;
//           -1..2 as two unorm16, which errs by 0.006 of 255 levels at most
//
// Pixels outside the picture are left out. One invocation computes one pixel.
//
// In front of this file: shared/grid.wgsl.

struct Params {
  width: u32,
  height: u32, // rows to compute
  row: u32, // the first of them, in the picture
  first_row: u32,
  picture_height: u32,
  overshoot: f32, // the share, 0 or more
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> wanted: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> limits: array<vec4u>;

const REACH = 2u;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) invocation: vec3u) {
  let id = place(invocation);
  if (id.x >= params.width || id.y >= params.height) {
    return;
  }
  let row = params.row + id.y;
  let at = (row - params.first_row) * params.width + id.x;
  var low = wanted[at];
  var high = low;
  for (var y = max(row, REACH) - REACH; y <= min(row + REACH, params.picture_height - 1u); y++) {
    for (var x = max(id.x, REACH) - REACH; x <= min(id.x + REACH, params.width - 1u); x++) {
      let value = wanted[(y - params.first_row) * params.width + x];
      low = min(low, value);
      high = max(high, value);
    }
  }
  let margin = params.overshoot * (high - low);
  low -= margin;
  high += margin;
  for (var c = 0u; c < 4u; c++) {
    limits[at][c] = pack2x16unorm((vec2f(low[c], high[c]) + 1.0) / 3.0);
  }
}
