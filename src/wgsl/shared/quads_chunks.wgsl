// Where a quad of 4 channels lies in a tensor whose planes are chunks of 16 channels, as matrix units
// read them: [chunk][row][column][4 quads]. `plane` is in pixels.
fn quad_index(pixel: u32, quad: u32, plane: u32) -> u32 {
  return (pixel + quad / 4u * plane) * 4u + quad % 4u;
}
