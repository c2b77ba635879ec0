// What follows the sums of a convolution: Mish (Misra, 2019), x * tanh(ln(1 + e^x)). Its slope is not
// used.
// With n = e^x that is x * (n^2 + 2n) / (n^2 + 2n + 2), which is x in f32 long before x is 20.
fn activate(value: vec4f, slope: vec4f) -> vec4f {
  let n = exp(min(value, vec4f(20.0)));
  let p = n * (n + 2.0);
  return value * (p / (p + 2.0));
}
