// Weights of the enlarging convolution, fetched where they are used.
//
// The shader that follows declares `weights` and the constants WEIGHTS, WORKGROUP_X and WORKGROUP_Y.

fn stage(first: u32, index: u32) {}

// Returns what this lane fetches of the WEIGHTS that begin at `first`: vector k.
fn fetch(first: u32, k: u32) -> vec4f {
  return weights[first + k];
}
