// SPDX-License-Identifier: Apache-2.0
// The fleet at a glance: what is well, what is not, and who runs what.

import { badge, bar, bytes, element, number, span, table, time, version } from "./dom.js";

const card = (value, words, kind) =>
  element("div", { class: `card ${kind ?? ""}` }, element("strong", {}, value), element("span", {}, words));

function cards(status) {
  const all = (count) => (count === status.agents ? "good" : "busy");
  return element("div", { class: "cards" },
    card(`${status.agentsOnline} / ${status.agents}`, "agents online", all(status.agentsOnline)),
    card(`${status.agentsOnVersion} / ${status.agents}`, "on their cohort's newest release", all(status.agentsOnVersion)),
    card(status.activeAlarms, "alarms firing", status.activeAlarms > 0 ? "bad" : "good"),
    card(status.roundsCommitted, "rounds committed"),
    card(status.updatesRefused, "updates refused", status.updatesRefused > 0 ? "busy" : ""),
    card(span(status.at - status.startedAt), "since the coordinator began"));
}

function cohort(report) {
  const losses = report.firstLoss === undefined ? "no training round yet"
    : `held-out loss ${number(report.firstLoss)} → ${number(report.lastLoss)}`;
  return element("article", {},
    element("h3", {}, report.id, " ", badge(report.released ? `version ${report.released.number}` : "no release")),
    element("p", {}, `${report.online} of ${report.agents} agents online, ${report.agentsOnVersion} on the newest release; `
      + `${report.roundsCommitted} rounds, ${losses}`),
    report.blocker && element("p", { class: "waits" }, report.blocker),
    element("p", { class: "channels" }, report.channels.map((channel) => badge(channel))));
}

const PHASES = { normal: "good", firing: "bad", pending: "busy", learning: "busy" };

function device(state) {
  // The threshold stands at two thirds of the bar: what is beyond is beyond the threshold.
  const share = state.threshold > 0 ? (state.score / state.threshold) * (2 / 3) : 0;
  return element("div", { class: "device" },
    element("span", { class: "name" }, state.id), badge(state.phase, PHASES[state.phase]),
    state.threshold > 0 && bar(share, share > 2 / 3 ? "bad" : "", 2 / 3),
    state.threshold > 0 && element("span", { class: "quiet", title: "score and threshold" },
      `${number(state.score)} of ${number(state.threshold)}`),
    state.drift && badge("drift", "busy", "what is normal has changed; a new model is asked for"));
}

function agent(report) {
  const notes = [
    report.sitsOut && badge("sits out", "busy", report.sitsOut),
    report.outboxDepth > 0 && badge(`${report.outboxDepth} wait`, "busy", "events that the coordinator has not acknowledged"),
    report.outboxDropped > 0 && badge(`${report.outboxDropped} lost`, "bad", "events that found no room in the outbox"),
    Object.entries(report.refused ?? {}).map(([name, count]) => badge(`${name} ${count}`, "busy", "messages it has refused")),
  ];
  return {
    cells: [
      element("span", { class: "name" }, report.id),
      badge(report.online ? "online" : "offline", report.online ? "good" : "bad"),
      element("span", {}, version(report.active), " ", report.onNewest ? null : badge("not the newest", "busy")),
      report.devices.map(device), notes, bytes(report.residentBytes), time(report.lastSeen),
    ],
  };
}

export const fleet = {
  paths: ["agents"],
  draw({ status, agents }) {
    return [
      cards(status),
      element("h2", {}, "Cohorts"),
      element("div", { class: "grid" }, status.cohorts.map(cohort)),
      status.cohorts.length === 0 && element("p", { class: "nothing" },
        "No agent has told yet what its devices measure. Start one: linnet-edge run --config edge.yaml"),
      element("h2", {}, "Agents"),
      table(["Agent", "", "Version", "Devices", "", ">Memory", "Heard of"], agents.agents.map(agent), "No agent yet."),
    ];
  },
};
