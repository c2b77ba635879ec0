// Matrices of the adapter's matrix units (tensor cores, WMMA): they belong to a subgroup of LANES lanes.
// Needs shader-f16, chromium-experimental-subgroup-matrix and subgroup-size-control; only Tint takes it.
// Must be kept in sync with matrix_twin.wgsl, which computes the same without the units.
enable f16;
enable chromium_experimental_subgroup_matrix;
enable subgroup_size_control;
// Every lane of a subgroup takes the same way; the compiler cannot know it.
diagnostic(off, chromium.subgroup_matrix_uniformity);

const M = 16u; // pixels
const N = 16u; // outputs
const K = 16u; // inputs
const LANES = 32u;
const SUBGROUPS = 4u; // of a workgroup
const PER_QUAD = 4u; // elements

alias Element = f16;
alias Quad = vec4<f16>;
alias Left = subgroup_matrix_left<f16, K, M>;
alias Right = subgroup_matrix_right<f16, N, K>;
alias Sum = subgroup_matrix_result<f32, N, M>;

fn widen(quad: Quad) -> vec4f {
  return vec4f(quad);
}

fn narrow(value: vec4f) -> Quad {
  return vec4<f16>(value);
}

fn load_left(at: u32) -> Left {
  return subgroupMatrixLoad<Left, row_major>(&left_elements, at, CHUNK);
}

fn load_right(at: u32) -> Right {
  return subgroupMatrixLoad<Right, col_major>(&right_elements, at, CHUNK);
}

fn multiply(left: Left, right: Right, sum: Sum) -> Sum {
  return subgroupMatrixMultiplyAccumulate(left, right, sum);
}

fn store(at: u32, sum: Sum) {
  subgroupMatrixStore<row_major>(&scratch, at, sum, N);
}

@compute @workgroup_size(SUBGROUPS * LANES) @subgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(local_invocation_index) local: u32,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  // The broadcast tells the compiler that addresses are the same for all lanes.
  convolve(workgroup, subgroupBroadcastFirst(local / LANES), lane);
}
