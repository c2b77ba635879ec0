// What follows the sums of a convolution: PReLU, and with it LeakyReLU, ReLU (slope 0) and nothing
// (slope 1).
fn activate(value: vec4f, slope: vec4f) -> vec4f {
  return select(value * slope, value, value >= vec4f());
}
