/**
 * A page as on a screen: text in several sizes, a chart, a table, a diagram and icons.
 */

import { type Canvas, type Colour, hex, type Shape } from "./canvas.ts";
import { type Align, lettering } from "./lettering.ts";
import { arc, ellipse, path, polygon, rect, ring, stroke } from "./shapes.ts";

const PAPER = hex("#ffffff");
const INK = hex("#1c2430");
const GREY = hex("#6b7684");
const RULE = hex("#c9d1da");
const NAVY = hex("#1f3157");
const BLUE = hex("#2f6fd0");
const RED = hex("#d2402f");
const GREEN = hex("#2e8b57");
const GOLD = hex("#f2b632");

/** Where the chart's plane begins, and its size. */
const CHART = { x: 748, y: 196, width: 480, height: 184 };

/** What the paragraph says. */
const PARAGRAPH = [
  "The tide turns about every six",
  "hours and twelve minutes. Boats of",
  "more than 1.5 m draught may only",
  "pass the lock near high water,",
  "so plan your evening with care.",
];

/** The table's heads, and where its columns end, but for the first, which begins there. */
const HEADS = ["Day", "High", "Low", "Range"];
const COLUMNS = [56, 318, 446, 574];

const DAYS = [
  ["Monday", "4.86", "0.94", "3.92", "up"],
  ["Tuesday", "5.07", "0.71", "4.36", "up"],
  ["Wednesday", "5.13", "0.62", "4.51", "up"],
  ["Thursday", "5.02", "0.75", "4.27", "down"],
  ["Friday", "4.78", "1.03", "3.75", "down"],
];

/** Paints the whole page on a canvas of 1280x800; always the same. */
export function paintPage(canvas: Canvas): void {
  canvas.fill(rect(0, 0, 1280, 800), PAPER);
  paintBar(canvas);
  write(canvas, "High water at the old quay", 40, 106, 38, INK, "left", 1);
  PARAGRAPH.forEach((line, i) => write(canvas, line, 40, 188 + 44 * i, 24, INK));
  paintChart(canvas);
  paintTable(canvas);
  paintDiagram(canvas);
  write(canvas, "Heights in metres above chart datum. Times are local.", 40, 774, 13, GREY);
}

/** Writes a line of text. */
function write(
  canvas: Canvas,
  text: string,
  x: number,
  y: number,
  height: number,
  colour: Colour,
  align: Align = "left",
  weight = 0.72,
): void {
  canvas.fill(lettering(text, x, y, height, { align, weight }), colour);
}

/** The bar at the top: a mark, the name, tabs and icons. */
function paintBar(canvas: Canvas): void {
  canvas.fill(rect(0, 0, 1280, 76), NAVY);
  const tiles = [[24, 18, GOLD], [46, 18, RED], [24, 40, BLUE], [46, 40, GREEN]] as const;
  for (const [x, y, colour] of tiles) canvas.fill(rect(x, y, 20, 20), colour);
  write(canvas, "Harbour", 88, 24, 30, PAPER, "left", 1);
  ["Today", "Week", "Maps"].forEach((tab, i) => {
    write(canvas, tab, 420 + 150 * i, 28, 22, i === 1 ? GOLD : PAPER, "centre");
  });
  canvas.fill(rect(526, 68, 88, 8), GOLD);
  paintIcons(canvas);
}

/** A magnifying glass, a star, a gear and three bars, all in white. */
function paintIcons(canvas: Canvas): void {
  const icons: Shape[] = [
    [...ring(966, 34, 15, 10), ...stroke([977, 45, 990, 58], 6)],
    polygon(1052, 38, star(5, 22, 9)),
    [...polygon(1136, 38, star(8, 23, 16)), ...ellipse(1136, 38, 17)],
    [24, 36, 48].flatMap((y) => rect(1204, y, 44, 5)),
  ];
  for (const icon of icons) canvas.fill(icon, PAPER);
  canvas.fill(ellipse(1136, 38, 8), NAVY);
}

/** Corners of a star with `points` tips, the first one on top. */
function star(points: number, outer: number, inner: number): [number, number][] {
  return Array.from({ length: 2 * points }, (_, i) => {
    const angle = Math.PI * i / points;
    const radius = i % 2 === 0 ? outer : inner;
    return [radius * Math.sin(angle), -radius * Math.cos(angle)];
  });
}

/** Two days' tides as curves over a grid, with a legend. */
function paintChart(canvas: Canvas): void {
  const { x, y, width, height } = CHART;
  for (let i = 0; i <= 4; i++) {
    const level = y + height * i / 4;
    canvas.fill(rect(x, level - 1, width, 2), RULE);
    write(canvas, `${6 - 1.5 * i}`, x - 16, level - 7, 15, GREY, "right");
  }
  for (let hour = 0; hour <= 24; hour += 3) {
    const left = x + width * hour / 24;
    canvas.fill(rect(left - 1, y + height, 2, hour % 6 === 0 ? 12 : 6), INK);
    if (hour % 6 === 0) write(canvas, `${hour}:00`, left, y + height + 20, 15, GREY, "centre");
  }
  const moon = tide(0.42, 3.2);
  const area = [...moon, x + width, y + height, x, y + height];
  canvas.fill([area], BLUE, 0.18);
  canvas.fill(stroke(moon, 5), BLUE);
  canvas.fill(stroke(tide(0.3, 5.1), 2.5), RED);
  canvas.fill(stroke([x, y - 12, x, y + height, x + width + 12, y + height], 3), INK);
  const legend = [[BLUE, "spring"], [RED, "neap"]] as const;
  legend.forEach(([colour, name], i) => {
    canvas.fill(rect(x + 24 + 150 * i, y - 36, 26, 10), colour);
    write(canvas, name, x + 60 + 150 * i, y - 39, 16, INK);
  });
}

/** Points of the height of the water through a day; `swing` is a share of the chart. */
function tide(swing: number, firstHour: number): number[] {
  const { x, y, width, height } = CHART;
  return Array.from({ length: 97 }, (_, i) => {
    const phase = 2 * Math.PI * (i / 4 - firstHour) / 12.42;
    return [x + width * i / 96, y + height * (0.5 - swing * Math.cos(phase))];
  }).flat();
}

/** Days and heights in rows of two shades, with an arrow that says where they go. */
function paintTable(canvas: Canvas): void {
  const [left, top, width, pitch] = [40, 438, 600, 53];
  canvas.fill(rect(left, top, width, 48), NAVY);
  const cells = (row: string[], y: number, height: number, colour: Colour) => {
    row.forEach((cell, i) => {
      write(canvas, cell, COLUMNS[i], y, height, colour, i === 0 ? "left" : "right");
    });
  };
  cells(HEADS, top + 14, 20, PAPER);
  DAYS.forEach(([day, high, low, range, trend], i) => {
    const y = top + 48 + pitch * i;
    if (i % 2 === 1) canvas.fill(rect(left, y, width, pitch), hex("#eef2f7"));
    canvas.fill(rect(left, y + pitch - 1.5, width, 1.5), RULE);
    cells([day, high, low, range], y + 15, 21, INK);
    const [tip, foot] = trend === "up" ? [-11, 9] : [11, -9];
    const arrow = polygon(608, y + 26, [[0, tip], [11, foot], [-11, foot]]);
    canvas.fill(arrow, trend === "up" ? GREEN : RED);
  });
  for (const x of [222, 334, 462, 590]) canvas.fill(rect(x, top, 1.5, 48 + 5 * pitch), RULE);
}

/** Three boxes and a question, joined by arrows. */
function paintDiagram(canvas: Canvas): void {
  paintBox(canvas, "Gauge", 700, 480, hex("#dbe8fb"), BLUE);
  paintBox(canvas, "Filter", 1080, 480, hex("#fdf0cf"), GOLD);
  paintBox(canvas, "Table", 1080, 644, hex("#d9f0e2"), GREEN);
  const question: [number, number][] = [[0, -52], [104, 0], [0, 52], [-104, 0]];
  canvas.fill(polygon(804, 678, question), hex("#fbdcd8"));
  canvas.fill(stroke(path(804, 678, [...question, question[0]]), 3), RED);
  write(canvas, "Calm?", 804, 668, 20, INK, "centre");
  paintArrow(canvas, [860, 514, 1080, 514]);
  paintArrow(canvas, [1160, 548, 1160, 596, 804, 596, 804, 626]);
  paintArrow(canvas, [908, 678, 1080, 678]);
  paintArrow(canvas, [700, 678, 668, 678, 668, 514, 700, 514]);
  write(canvas, "yes", 990, 652, 16, GREEN, "centre");
  write(canvas, "no", 684, 690, 16, RED, "centre");
  write(canvas, "every 10 s", 970, 490, 14, GREY, "centre");
  write(canvas, "Figure 2. From the gauge to the table", 700, 758, 15, GREY);
}

/** A rounded box of 160x68 with a word in it. */
function paintBox(
  canvas: Canvas,
  word: string,
  x: number,
  y: number,
  fill: Colour,
  edge: Colour,
): void {
  const [width, height, radius] = [160, 68, 16];
  const corners: [number, number][] = [[radius, radius], [width - radius, radius]];
  corners.push([width - radius, height - radius], [radius, height - radius]);
  const outline = corners.flatMap(([cx, cy], i) => {
    const from = Math.PI * (1 + i / 2);
    return arc(x + cx, y + cy, radius, radius, from, from + Math.PI / 2);
  });
  canvas.fill([outline], fill);
  canvas.fill(stroke([...outline, ...outline.slice(0, 2)], 4), edge);
  write(canvas, word, x + width / 2, y + 23, 22, INK, "centre");
}

/** A line through points with a head at its end. */
function paintArrow(canvas: Canvas, points: number[]): void {
  const [x0, y0, x1, y1] = points.slice(-4);
  const [dx, dy] = [Math.sign(x1 - x0), Math.sign(y1 - y0)];
  const line = [...points.slice(0, -2), x1 - 12 * dx, y1 - 12 * dy];
  canvas.fill(stroke(line, 3), INK);
  const head: [number, number][] = [
    [0, 0],
    [-16 * dx - 8 * dy, -16 * dy + 8 * dx],
    [-16 * dx + 8 * dy, -16 * dy - 8 * dx],
  ];
  canvas.fill(polygon(x1, y1, head), INK);
}
