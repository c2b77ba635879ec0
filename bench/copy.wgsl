// A copy from buffer to buffer: the bandwidth that a shader can at best reach.
//
//   source, output  [word] of vec4u
//
// One invocation copies PER_INVOCATION words, a workgroup's width apart, so that neighbours read
// neighbouring words. The host keeps: both buffers are a multiple of what a workgroup copies.

@group(0) @binding(0) var<storage, read> source: array<vec4u>;
@group(0) @binding(1) var<storage, read_write> output: array<vec4u>;

const PER_INVOCATION = 4u;
const WORKGROUP = 64u;

@compute @workgroup_size(WORKGROUP, 1, 1)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let first = workgroup.x * WORKGROUP * PER_INVOCATION + local;
  // unroll
  for (var i = 0u; i < PER_INVOCATION; i++) {
    output[first + i * WORKGROUP] = source[first + i * WORKGROUP];
  }
}
