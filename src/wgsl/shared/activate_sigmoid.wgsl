// What follows the sums of a convolution: sigmoid. Its slope is not used.
// The exponent stays where exp() is finite.
fn activate(value: vec4f, slope: vec4f) -> vec4f {
  return 1.0 / (1.0 + exp(min(-value, vec4f(80.0))));
}
