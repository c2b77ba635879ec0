// Left matrices are loaded from the input as it lies in memory.
@group(0) @binding(3) var<storage, read> left_elements: array<Element>;

fn stage_pixels(corner: vec2u, step: u32, index: u32) {}

// Returns where the pixels of a subgroup begin whose workgroup begins at `corner`, `rows` above it.
fn first_pixel(corner: vec2u, rows: u32) -> u32 {
  return (params.input_origin + (corner.y + rows) * params.input_pitch + corner.x) * CHUNK;
}

// Returns where those begin that a step needs.
fn column_of_pixels(first: u32, step: u32) -> u32 {
  return first + (step / TAPS * params.input_plane + step % TAPS) * CHUNK;
}

// Returns the distance of two rows.
fn row_of_pixels() -> u32 {
  return params.input_pitch * CHUNK;
}
