// SPDX-License-Identifier: Apache-2.0
// Curves over rounds.

import { element, number, svg } from "./dom.js";

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [1100, 200, 52, 22, 10];

/**
 * Draws curves from 0 up.
 * @param {{name: string, points: {x: number, y: number, title: string}[]}[]} curves
 */
export function chart(curves, label) {
  const points = curves.flatMap((curve) => curve.points);
  if (points.length < 2) return element("p", { class: "nothing" }, "A curve needs two rounds.");
  const [from, to] = [Math.min(...points.map((p) => p.x)), Math.max(...points.map((p) => p.x))];
  const top = Math.max(...points.map((p) => p.y)) * 1.05 || 1;
  const x = (value) => LEFT + ((value - from) / Math.max(1, to - from)) * (WIDTH - LEFT - 12);
  const y = (value) => TOP + (1 - value / top) * (HEIGHT - TOP - BOTTOM);
  const grid = [0, 0.25, 0.5, 0.75, 1].map((share) => [
    svg("line", { class: "grid", x1: LEFT, x2: WIDTH - 12, y1: y(top * share), y2: y(top * share) }),
    svg("text", { x: LEFT - 6, y: y(top * share) + 4, "text-anchor": "end" }, number(top * share)),
  ]);
  const drawn = curves.map((curve, i) => svg("g", { class: `curve c${i % 4}` },
    svg("polyline", { points: curve.points.map((p) => `${x(p.x)},${y(p.y)}`).join(" ") }),
    curve.points.map((p) => svg("circle", { cx: x(p.x), cy: y(p.y), r: 3 }, svg("title", {}, p.title)))));
  return element("figure", {},
    svg("svg", { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label },
      grid, drawn,
      svg("text", { x: LEFT, y: HEIGHT - 5 }, `round ${from}`),
      svg("text", { x: WIDTH - 12, y: HEIGHT - 5, "text-anchor": "end" }, `round ${to}`)),
    element("figcaption", {}, label,
      curves.map((curve, i) => element("span", { class: `key c${i % 4}` }, curve.name))));
}
