// Group norm over the picture, first of three: sums and sums of squares of each channel, in PARTS parts.
//
// Values are taken less that of the first pixel, so that squares do not drown what varies.
// One workgroup sums one part of one quad; workgroup y is the quad.
//
// In front of this file: shared/activations_*.wgsl, shared/norm_head.wgsl.

@group(0) @binding(1) var<storage, read_write> layer: array<f32>;
@group(0) @binding(2) var<storage, read> input: array<Quad>;

const THREADS = 64u;

var<workgroup> sums: array<vec4f, THREADS>;
var<workgroup> squares: array<vec4f, THREADS>;

@compute @workgroup_size(THREADS, 1, 1)
fn main(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) local: u32) {
  let plane = params.input_origin + workgroup.y * params.input_plane;
  let first = widen(input[plane]);
  var sum = vec4f();
  var square = vec4f();
  // Parts are sets of rows; the threads of one share each row.
  for (var y = workgroup.x; y < params.height; y += PARTS) {
    for (var x = local; x < params.width; x += THREADS) {
      let value = widen(input[plane + y * params.input_pitch + x]) - first;
      sum += value;
      square += value * value;
    }
  }
  sums[local] = sum;
  squares[local] = square;
  workgroupBarrier();
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    if (local < half) {
      sums[local] += sums[local + half];
      squares[local] += squares[local + half];
    }
    workgroupBarrier();
  }
  if (local == 0u) {
    let at = 4u * params.stored + (workgroup.y * PARTS + workgroup.x) * 8u;
    for (var c = 0u; c < 4u; c++) {
      layer[at + c] = sums[0][c];
      layer[at + 4u + c] = squares[0][c];
    }
  }
}
