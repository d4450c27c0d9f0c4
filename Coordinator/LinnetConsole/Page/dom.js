// SPDX-License-Identifier: Apache-2.0
// Makes elements, and writes numbers and times. Text is set as text and never read as HTML: names come from agents.

const SVG = "http://www.w3.org/2000/svg";

function build(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") made.addEventListener(name, value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** An element with attributes (functions become listeners) and children (nodes, texts, lists of them, or nothing). */
export const element = (name, attributes = {}, ...children) =>
  build(document.createElement(name), attributes, children);

/** The same for drawings. */
export const svg = (name, attributes = {}, ...children) =>
  build(document.createElementNS(SVG, name), attributes, children);

/** A table; columns that begin with ">" hold numbers. A row is a list of cells, or {attributes, cells}. */
export function table(columns, rows, nothing) {
  if (rows.length === 0) return element("p", { class: "nothing" }, nothing);
  const kind = columns.map((column) => (column.startsWith(">") ? "number" : undefined));
  return element("div", { class: "scroll" }, element("table", {},
    element("thead", {}, element("tr", {},
      columns.map((column, i) => element("th", { class: kind[i], scope: "col" }, column.replace(/^>/, ""))))),
    element("tbody", {}, rows.map((row) => {
      const { attributes = {}, cells = row } = row;
      return element("tr", attributes, cells.map((cell, i) => element("td", { class: kind[i] }, cell)));
    }))));
}

/** A word that stands out: good, bad, busy or plain. */
export const badge = (text, kind = "plain", title) => element("span", { class: `badge ${kind}`, title }, text);

/** A bar from 0 to 1; `mark` is where a line is drawn across it. */
export function bar(share, kind = "", mark) {
  const clipped = Math.max(0, Math.min(1, Number.isFinite(share) ? share : 0));
  return svg("svg", { class: `bar ${kind}`, viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("rect", { class: "rail", width: 100, height: 8 }),
    svg("rect", { class: "fill", width: clipped * 100, height: 8 }),
    mark !== undefined && svg("line", { x1: mark * 100, x2: mark * 100, y1: 0, y2: 8 }));
}

const two = (number) => String(number).padStart(2, "0");

/** A moment in the reader's own time zone. */
export function time(milliseconds) {
  const date = new Date(milliseconds);
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return element("time", { datetime: date.toISOString(), title: date.toISOString() },
    date.toDateString() === new Date().toDateString() ? clock : `${day} ${clock}`);
}

/** How long something took. */
export function span(milliseconds) {
  const seconds = Math.max(0, milliseconds / 1000);
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} d`;
}

/** Three digits that count. */
export function number(value) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size >= 100000 || (size > 0 && size < 0.001)) return value.toExponential(2);
  return String(Number(value.toPrecision(size >= 100 ? 4 : 3)));
}

export const percent = (share) => (Number.isFinite(share) ? `${Math.round(share * 100)} %` : "–");

export function bytes(count) {
  if (count >= 1 << 20) return `${(count / (1 << 20)).toFixed(1)} MiB`;
  return count >= 1 << 10 ? `${(count / (1 << 10)).toFixed(1)} KiB` : `${count} B`;
}

/** A model version as people call it. */
export const version = (model) =>
  model ? element("span", { title: model.digest }, model.number === 0 ? "local" : `${model.number}`) : "–";
