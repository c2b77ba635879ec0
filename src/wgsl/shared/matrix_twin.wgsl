// Matrices without matrix units: what LANES lanes hold together, each a share of the elements. It reads
// and writes where matrix_units.wgsl does, on any adapter, to be checked there; it is slow.
// Must be kept in sync with matrix_units.wgsl.
//
// In front of this file: shared/activations_f16.wgsl.

const M = 16u; // pixels
const N = 16u; // outputs
const K = 16u; // inputs
const LANES = 32u;
const SUBGROUPS = 4u; // of a workgroup
const PER_QUAD = 2u; // elements
const SHARE = M * N / LANES;

alias Element = u32; // two of f16
alias Left = u32; // where it begins
alias Right = u32;
alias Sum = array<f32, SHARE>;

var<private> lane_of_sum: u32;

fn load_left(at: u32) -> Left {
  return at;
}

fn load_right(at: u32) -> Right {
  return at;
}

fn multiply(left: Left, right: Right, sum: Sum) -> Sum {
  var result = sum;
  for (var i = 0u; i < SHARE; i++) {
    let element = lane_of_sum * SHARE + i;
    let a = left + element / N * CHUNK;
    let b = right + element % N * CHUNK;
    for (var k = 0u; k < K; k += 2u) {
      let pixels = unpack2x16float(left_elements[(a + k) / 2u]);
      let products = pixels * unpack2x16float(right_elements[(b + k) / 2u]);
      result[i] += products.x + products.y;
    }
  }
  return result;
}

fn store(at: u32, sum: Sum) {
  var elements = sum;
  for (var i = 0u; i < SHARE; i++) {
    scratch[at + lane_of_sum * SHARE + i] = elements[i];
  }
}

@compute @workgroup_size(SUBGROUPS * LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  lane_of_sum = local % LANES;
  convolve(workgroup, local / LANES, lane_of_sum);
}
