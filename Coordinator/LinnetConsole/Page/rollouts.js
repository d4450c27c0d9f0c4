// SPDX-License-Identifier: Apache-2.0
// How far each rollout is, what its gates rest on, and what each agent has done.

import { badge, element, number, percent, span, svg, table, time } from "./dom.js";

const PHASES = {
  running: "busy", scheduled: "busy", paused: "busy", awaitingApproval: "busy", succeeded: "good", failed: "bad",
  rolledBack: "bad",
};
const STATES = { confirmed: "good", refused: "bad", reverted: "bad", silent: "bad", waiting: "plain" };

/** Shares of a stage's agents, as one bar. */
function progress(counts) {
  const parts = [["good", counts.succeeded], ["bad", counts.failed + counts.silent], ["busy", counts.pending], ["", counts.waiting]];
  const total = Math.max(1, parts.reduce((sum, [, count]) => sum + count, 0));
  let from = 0;
  return svg("svg", { class: "bar stages", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("rect", { class: "rail", width: 100, height: 8 }),
    parts.map(([kind, count]) => {
      const width = (count / total) * 100;
      from += width;
      return kind && svg("rect", { class: kind, x: from - width, width, height: 8 });
    }));
}

const counted = (counts) => ["succeeded", "failed", "silent", "pending", "waiting"]
  .filter((name) => counts[name] > 0).map((name) => `${counts[name]} ${name}`).join(", ") || "nobody";

const stageRow = (plan) => (stage, index) => [
  `${index + 1}`, String(stage.size), progress(stage.counts), counted(stage.counts),
  `success ${percent(plan.stages[index].successShare)}, errors ${percent(plan.stages[index].errorShare)}, `
    + `silent ${percent(plan.stages[index].silentShare)}`,
  span(plan.stages[index].soakSeconds * 1000),
];

const gateRow = (gate) => [
  gate.worst.gate, `${gate.worst.mustReach ? "at least" : "at most"} ${number(gate.worst.limit)}`,
  number(gate.worst.measured), gate.agent ?? "–", gate.measured,
  badge(String(gate.broken), gate.broken > 0 ? "bad" : "good"),
];

const targetRow = ({ target, findings }) => [
  target.agent, target.stage + 1, badge(target.state, STATES[target.state] ?? "busy"), time(target.changedAt),
  target.reason, findings.join("; "),
];

function rollout(status, isOpen, toggle) {
  const { rollout: it } = status;
  const release = it.manifest.model.version;
  return element("details", { open: isOpen, toggle: (event) => toggle(it.number, event.target.open) },
    element("summary", {}, `Rollout ${it.number}: version ${release.number} to ${it.cohort} `,
      badge(it.phase, PHASES[it.phase]), " ", element("span", { class: "quiet" }, counted(status.counts))),
    it.waitsFor && element("p", { class: "waits" }, it.waitsFor),
    it.reason && element("p", {}, it.reason),
    element("p", { class: "quiet" }, `planned by ${it.createdBy} `, time(it.createdAt),
      it.startedAt && [", began ", time(it.startedAt)], it.endedAt && [", ended ", time(it.endedAt)]),
    table(["Stage", "Size", "Progress", "", "Asks for", ">Soak"], status.stages.map(stageRow(it.plan)), "No stage."),
    status.gates.length > 0 && table(["Gate", "Allowed", ">Worst", "At", ">Measured by", "Broken by"],
      status.gates.map(gateRow), ""),
    status.targets.length > 0 && table(["Agent", ">Stage", "", "Since", "Why", "Findings"],
      status.targets.map(targetRow), ""));
}

export const rollouts = {
  paths: ["rollouts?limit=50"],
  /** The open ones with their agents; the newest where none was opened. */
  more({ rollouts: page }, state) {
    const newest = page.rollouts[0]?.rollout.number;
    return page.rollouts.map((status) => status.rollout.number)
      .filter((number) => state.opened.get(number) ?? number === newest).slice(0, 5)
      .map((number) => `rollouts/${number}`);
  },
  draw(answers, state) {
    const page = answers.rollouts.rollouts;
    if (page.length === 0) {
      return element("p", { class: "nothing" }, "No rollout yet. Plan one: ",
        element("code", {}, "linnet rollout plan candidate --stages 1,25%,all --start"));
    }
    return page.map((status) => {
      const full = answers[`rollouts/${status.rollout.number}`];
      return rollout(full ?? status, full !== undefined, (number, isOpen) => state.open(number, isOpen));
    });
  },
};
