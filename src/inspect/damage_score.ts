/**
 * Whether a shape is damage: a network of two hidden layers, trained on shapes of photographs with and
 * without drawn damage (`training/damage.py`).
 */

import network from "./damage_score.json" with { type: "json" };

/** Returns the logit of a shape's being damage. */
export function damageScore(features: readonly number[]): number {
  const last = network.layers.length - 1;
  const [score] = network.layers.reduce<readonly number[]>(
    (values, rows, layer) =>
      rows.map((row) => {
        const sum = weighted(row, values);
        return layer === last ? sum : Math.max(0, sum);
      }),
    features,
  );
  return score;
}

/** A sum of values by weights, of which the last one is added. */
function weighted(weights: readonly number[], values: readonly number[]): number {
  return values.reduce((sum, value, i) => sum + value * weights[i], weights[values.length]);
}
