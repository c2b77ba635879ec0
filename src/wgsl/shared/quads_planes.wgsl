// Where a quad of 4 channels lies in a tensor whose planes are quads: [quad][row][column].
fn quad_index(pixel: u32, quad: u32, plane: u32) -> u32 {
  return pixel + quad * plane;
}
