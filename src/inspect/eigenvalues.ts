/**
 * Eigenvalues of symmetric matrices, by Jacobi's cyclic rotations.
 */

/** Sweeps over all pairs; convergence is quadratic, and 6 to 10 suffice. */
const MAX_SWEEPS = 20;

/**
 * Returns the eigenvalues of a symmetric matrix, the smallest first.
 *
 * @param matrix `[size][size]`; it is not changed
 */
export function eigenvalues(matrix: Float64Array, size: number): Float64Array {
  const a = matrix.slice();
  const enough = 1e-12 * squaresBeside(a, size, true);
  for (let sweep = 0; sweep < MAX_SWEEPS && squaresBeside(a, size, false) > enough; sweep++) {
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) rotate(a, size, p, q);
    }
  }
  return Float64Array.from({ length: size }, (_, i) => a[i * size + i]).sort();
}

/** The sum of squares of all entries, or of those beside the diagonal. */
function squaresBeside(a: Float64Array, size: number, diagonal: boolean): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    if (diagonal || i % (size + 1) !== 0) sum += a[i] * a[i];
  }
  return sum;
}

/** Turns the plane of two axes so that the entry between them becomes 0. */
function rotate(a: Float64Array, size: number, p: number, q: number): void {
  const between = a[p * size + q];
  if (between === 0) return;
  const theta = (a[q * size + q] - a[p * size + p]) / (2 * between);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let k = 0; k < size; k++) {
    const [kp, kq] = [a[k * size + p], a[k * size + q]];
    a[k * size + p] = c * kp - s * kq;
    a[k * size + q] = s * kp + c * kq;
  }
  for (let k = 0; k < size; k++) {
    const [pk, qk] = [a[p * size + k], a[q * size + k]];
    a[p * size + k] = c * pk - s * qk;
    a[q * size + k] = s * pk + c * qk;
  }
}
