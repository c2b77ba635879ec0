/**
 * Primaries: the red, green, blue and white that a picture's numbers are shares of, and the sums with matrices
 * that lead from one set of them to another.
 *
 * Source: ICC.1:2022, annex E (the Bradford adaptation).
 */

/** A chromaticity: x and y of CIE 1931. */
export type Chromaticity = readonly [x: number, y: number];

/** The white and the three colours that a picture's numbers are shares of. */
export interface Primaries {
  white: Chromaticity;
  red: Chromaticity;
  green: Chromaticity;
  blue: Chromaticity;
}

export type Vector = readonly [number, number, number];
export type Matrix = readonly [Vector, Vector, Vector];

/** The white of the connection space, as profiles write it. */
export const D50: Vector = [0.9642, 1, 0.8249];

const BRADFORD: Matrix = [
  [0.8951, 0.2664, -0.1614],
  [-0.7502, 1.7135, 0.0367],
  [0.0389, -0.0685, 1.0296],
];

/** Twice the smallest area of primaries that are taken seriously; that of sRGB is 0.22. */
const LEAST_AREA = 0.01;

/** XYZ of full red, green and blue, seen in the light of D50. */
export function columnsToD50({ white, red, green, blue }: Primaries): Matrix {
  const columns = [red, green, blue].map(xyzOf) as unknown as Matrix;
  const whiteXyz = xyzOf(white);
  const shares = apply(inverse(transposed(columns)), whiteXyz);
  const adapt = adaptationToD50(white);
  return columns.map((column, i) => {
    return adapt(column.map((value) => value * shares[i]) as unknown as Vector);
  }) as unknown as Matrix;
}

/** Returns what makes of XYZ in the light of a white that in the light of D50 (Bradford). */
export function adaptationToD50(white: Chromaticity): (xyz: Vector) => Vector {
  const [from, to] = [apply(BRADFORD, xyzOf(white)), apply(BRADFORD, D50)];
  const back = inverse(BRADFORD);
  return (xyz) => {
    const cone = apply(BRADFORD, xyz);
    return apply(back, cone.map((value, i) => value * to[i] / from[i]) as unknown as Vector);
  };
}

/** Says whether there can be a screen of these: its colours span an area, in which its white is. */
export function arePossible({ white, red, green, blue }: Primaries): boolean {
  const area = areaOf(red, green, blue);
  if (!(Math.abs(area) > LEAST_AREA)) return false;
  const parts = [areaOf(white, green, blue), areaOf(red, white, blue), areaOf(red, green, white)];
  return parts.every((part) => part / area > 0);
}

/** Twice the area of a triangle, with a sign that says which way about it goes. */
function areaOf(a: Chromaticity, b: Chromaticity, c: Chromaticity): number {
  return (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]);
}

/** X, Y and Z of a white whose Y is 1. */
export function xyzOf([x, y]: Chromaticity): Vector {
  return [x / y, 1, (1 - x - y) / y];
}

/** Returns a matrix times a vector. */
export function apply(matrix: Matrix, vector: Vector): Vector {
  return matrix.map((row) =>
    row[0] * vector[0] + row[1] * vector[1] + row[2] * vector[2]
  ) as unknown as Vector;
}

/** Returns a matrix whose rows are the columns of another. */
export function transposed(matrix: Matrix): Matrix {
  return [0, 1, 2].map((i) => matrix.map((row) => row[i])) as unknown as Matrix;
}

/** Returns the inverse of a matrix. */
export function inverse([a, b, c]: Matrix): Matrix {
  const cross = (u: Vector, v: Vector): Vector => [
    u[1] * v[2] - u[2] * v[1],
    u[2] * v[0] - u[0] * v[2],
    u[0] * v[1] - u[1] * v[0],
  ];
  const columns = [cross(b, c), cross(c, a), cross(a, b)];
  const determinant = a[0] * columns[0][0] + a[1] * columns[0][1] + a[2] * columns[0][2];
  return [0, 1, 2].map((i) =>
    columns.map((column) => column[i] / determinant)
  ) as unknown as Matrix;
}
