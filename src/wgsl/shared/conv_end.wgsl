// What follows the sums of a convolution and their bias: activation or gate, and what is added.
//
// The shader that follows declares `params` with `add`, `scale0` and `scale1`, two tensors `beside0` and
// `beside1` of the output's layout, and `output`, each an array<Quad>.
//
// In front of this file: activations_*.wgsl, activate_*.wgsl.

const GATE = 0u; // 0: none, 1: attention, 2: product; with a gate beside0 is what is gated

// Parameter-free attention (SPAN): value + other, weighted by a sigmoid around zero, which is written
// so that nothing cancels. The exponent stays where exp() is finite.
fn attend(value: vec4f, other: vec4f) -> vec4f {
  let e = exp(min(-value, vec4f(80.0)));
  return (value + other) * ((0.5 - 0.5 * e) / (1.0 + e));
}

// One quad of output, which lies at index `at`:
//   activate([output +] sum) + scale0 * beside0 + scale1 * beside1
// with attend(..., beside0) or activate(...) * beside0 in place of activate(...) if there is a gate.
fn ended(sum: vec4f, slope: vec4f, at: u32) -> vec4f {
  var value = sum;
  if (params.add == 1u) {
    value += widen(output[at]);
  }
  if (GATE == 1u) {
    value = attend(value, widen(beside0[at]));
  } else {
    value = activate(value, slope);
  }
  if (GATE == 2u) {
    value *= widen(beside0[at]);
  }
  if (params.scale0 != 0.0) {
    value += params.scale0 * widen(beside0[at]);
  }
  if (params.scale1 != 0.0) {
    value += params.scale1 * widen(beside1[at]);
  }
  return value;
}
