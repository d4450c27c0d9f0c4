// SPDX-License-Identifier: Apache-2.0
// Asks the coordinator every two seconds for what the open view shows, and draws it when it has changed.

import { anomalies } from "./anomalies.js";
import { element, time } from "./dom.js";
import { fleet } from "./fleet.js";
import { learning } from "./learning.js";
import { log } from "./log.js";
import { rollouts } from "./rollouts.js";

const VIEWS = { fleet, anomalies, learning, rollouts, log };
const INTERVAL = 2000;

const state = {
  /** The event that is looked at. */
  selected: null,
  select(id) { state.selected = id; draw(); },
  /** Which rollouts the reader has opened and closed. */
  opened: new Map(),
  open(number, isOpen) {
    if (state.opened.get(number) === isOpen) return;
    state.opened.set(number, isOpen);
    if (isOpen) refresh();
  },
  filter: "",
  matches: (text) => text.toLowerCase().includes(state.filter.toLowerCase()),
};

let answers = null;
let drawn = "";
let asked = 0;

const current = () => (location.hash.slice(1) in VIEWS ? location.hash.slice(1) : "fleet");
const byID = (id) => document.getElementById(id);

async function ask(path) {
  const answer = await fetch(`/api/v1/${path}`, { headers: { Accept: "application/json" } });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error ?? answer.statusText);
  return body;
}

async function askAll(paths) {
  const bodies = await Promise.all(paths.map(ask));
  // An answer's name is its path without the query: "rounds", "rollouts/7".
  return Object.fromEntries(paths.map((path, i) => [path.split("?")[0], bodies[i]]));
}

async function refresh() {
  const name = current();
  const turn = ++asked;
  try {
    const found = await askAll(["status", ...VIEWS[name].paths]);
    if (VIEWS[name].more) Object.assign(found, await askAll(VIEWS[name].more(found, state)));
    // What a later question has answered is newer.
    if (turn !== asked || name !== current()) return;
    answers = found;
    byID("problem").hidden = true;
    head(found.status);
    draw();
  } catch (error) {
    if (turn !== asked) return;
    byID("problem").hidden = false;
    byID("problem").textContent = `No answer from the coordinator (${error.message}). What stands here is what it said last; trying again.`;
    byID("connection").className = "bad";
  }
}

function head(status) {
  document.title = status.activeAlarms > 0 ? `(${status.activeAlarms}) Linnet ${status.fleet}` : `Linnet ${status.fleet}`;
  byID("fleet").textContent = status.fleet;
  byID("firing").hidden = status.activeAlarms === 0;
  byID("firing").textContent = status.activeAlarms;
  byID("connection").className = status.brokerConnected ? "good" : "bad";
  byID("connection").replaceChildren(
    status.brokerConnected ? "connected to the broker" : "no connection to the broker", ", as of ", time(status.at));
}

function draw() {
  const name = current();
  const view = VIEWS[name];
  if (!answers || !view.paths.every((path) => path.split("?")[0] in answers)) return;
  // The time of an answer alone is no reason to draw it.
  const { status, ...rest } = answers;
  const { at, ...facts } = status;
  const content = JSON.stringify([name, facts, rest, state.selected, state.filter, [...state.opened]]);
  if (content === drawn) return;
  drawn = content;
  const focused = document.activeElement?.id === "filter";
  const filter = view.filters && element("input", {
    id: "filter", type: "search", placeholder: view.filters, "aria-label": `filter by ${view.filters}`,
    input: (event) => { state.filter = event.target.value; draw(); },
  });
  const scrolled = window.scrollY;
  byID("view").replaceChildren(...[filter, view.draw(answers, state)].flat(Infinity).filter(Boolean));
  if (filter) filter.value = state.filter;
  if (filter && focused) filter.focus();
  window.scrollTo(0, scrolled);
}

function show() {
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${current()}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  state.filter = "";
  byID("view").replaceChildren();
  drawn = "";
  refresh();
}

window.addEventListener("hashchange", show);
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
setInterval(() => { if (!document.hidden) refresh(); }, INTERVAL);
show();
