// What follows the sums of a convolution: SiLU, x * sigmoid(x). Its slope is not used.
// Below -80 it is 0 in f32; the exponent stays where exp() is finite.
fn activate(value: vec4f, slope: vec4f) -> vec4f {
  return value / (1.0 + exp(min(-value, vec4f(80.0))));
}
