// What follows the sums of a convolution: GELU (Hendrycks and Gimpel, 2016), x * (1 + erf(x / sqrt 2)) / 2.
// Its slope is not used.
// The error function is that of Abramowitz and Stegun, 7.1.26, which errs by 1.5e-7 at most.
fn activate(value: vec4f, slope: vec4f) -> vec4f {
  let z = abs(value) * 0.70710678;
  let t = 1.0 / (1.0 + 0.3275911 * z);
  let series = t * (0.254829592 +
    t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  let tail = 0.5 * series * exp(-min(z * z, vec4f(80.0)));
  return value * select(tail, 1.0 - tail, value >= vec4f());
}
