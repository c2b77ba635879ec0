// Weights of the enlarging convolution, copied into workgroup memory for each input quad: for adapters on
// which a load that all invocations have in common costs each of them as much as one of its own.
//
// The shader that follows declares `weights` and the constants WEIGHTS, WORKGROUP_X and WORKGROUP_Y.
var<workgroup> staged: array<vec4f, WEIGHTS>;

// Copies the WEIGHTS that begin at `first`; every invocation of a workgroup has to call it.
fn stage(first: u32, index: u32) {
  workgroupBarrier();
  for (var k = index; k < WEIGHTS; k += WORKGROUP_X * WORKGROUP_Y) {
    staged[k] = weights[first + k];
  }
  workgroupBarrier();
}

// Returns vector k of those that were copied.
fn fetch(first: u32, k: u32) -> vec4f {
  return staged[k];
}
