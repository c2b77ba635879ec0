// Right matrices are loaded from the weights as they lie in memory.
@group(0) @binding(1) var<storage, read> right_elements: array<Element>;

fn stage_weights(first: u32, index: u32) {}

// Returns where the weights of a tap and a matrix of outputs begin, of a step whose weights begin at `first`.
fn first_weight(first: u32, tap: u32, tile: u32) -> u32 {
  return first + (tap * params.outputs + tile * N) * CHUNK;
}
