// Multiply-adds in registers, as many as the adapter can do: what a convolution can at best reach.
//
//   output  [invocation] of f32: the sum of its accumulators, so that none of them can be left out
//
// One invocation keeps ACCUMULATORS vec4f, each a chain in which every step waits for the one before
// it. Few chains wait for the arithmetic, many do not fit the registers; how many are best differs.
// STEPS are written out, because a loop costs more here than a step.

struct Params {
  iterations: u32,
  factor: f32,
  addend: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> output: array<f32>;

const ACCUMULATORS = 4u;
const STEPS = 32u;
const WORKGROUP = 64u;

@compute @workgroup_size(WORKGROUP, 1, 1)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let factor = vec4f(params.factor);
  let addend = vec4f(params.addend);
  let seed = f32(local) / f32(WORKGROUP);
  var sums: array<vec4f, ACCUMULATORS>;
  // unroll
  for (var k = 0u; k < ACCUMULATORS; k++) {
    sums[k] = vec4f(0.0, 0.25, 0.5, 0.75) + (seed + f32(k));
  }
  for (var i = 0u; i < params.iterations; i++) {
    // unroll
    for (var step = 0u; step < STEPS; step++) {
      // unroll
      for (var k = 0u; k < ACCUMULATORS; k++) {
        sums[k] = fma(sums[k], factor, addend);
      }
    }
  }
  var total = vec4f();
  // unroll
  for (var k = 0u; k < ACCUMULATORS; k++) {
    total += sums[k];
  }
  output[id.x] = total.x + total.y + total.z + total.w;
}
