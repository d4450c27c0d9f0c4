// SPDX-License-Identifier: Apache-2.0
// Anomaly events, and what is odd about each.

import { badge, bar, element, number, percent, span, table, time } from "./dom.js";

/** The channels of an event, most contribution first, from its flat keys. */
function channels(event) {
  return Object.keys(event).filter((key) => key.startsWith("share."))
    .map((key) => key.slice("share.".length))
    .map((name) => ({
      name, share: event[`share.${name}`], observed: event[`observed.${name}`], expected: event[`expected.${name}`],
    }))
    .sort((left, right) => right.share - left.share);
}

const SEVERITIES = { critical: "bad", warning: "busy", notice: "plain" };

function row(event, state) {
  const top = channels(event)[0];
  return {
    attributes: {
      class: event.id === state.selected ? "selected" : undefined, tabindex: 0, "aria-expanded": event.id === state.selected,
      click: () => state.select(event.id), keydown: ({ key }) => key === "Enter" && state.select(event.id),
    },
    cells: [
      time(event.startedAt),
      [element("div", { class: "name" }, event.device), element("div", { class: "quiet nowrap" }, event.agent)],
      badge(event.state === "firing" ? "firing" : "cleared", event.state === "firing" ? "bad" : "good"),
      badge(event.severity ?? "notice", SEVERITIES[event.severity]),
      span(event.endedAt - event.startedAt), top ? `${top.name} ${percent(top.share)}` : "–",
      [element("div", {}, number(event.peakScore)), element("div", { class: "quiet nowrap" }, `over ${number(event.threshold)}`)],
    ],
  };
}

function details(event) {
  const similar = Object.keys(event).filter((key) => key.startsWith("similar."))
    .map((key) => `${key.slice("similar.".length)} (${percent(event[key])})`);
  const facts = [
    ["event", event.id], ["device", `${event.device} of ${event.agent}`],
    ["raised by", event.detector ?? "model"],
    ["model", event.modelVersion === 0 ? "learned by the agent alone" : `version ${event.modelVersion}`],
    ["windows", event.windows], ["from", time(event.startedAt)], ["to", time(event.endedAt)],
    ["received", time(event.receivedAt)], event.cause && ["same cause as", event.cause],
    similar.length > 0 && ["like", similar.join(", ")],
  ].filter(Boolean);
  return element("aside", { "aria-label": "One event" },
    element("h2", {}, `What is odd about ${event.device}`),
    table(["Channel", "Share", ">", ">Observed", ">Expected"],
      channels(event).map((channel) => [
        channel.name, bar(channel.share), percent(channel.share), number(channel.observed), number(channel.expected),
      ]), "The event names no channel."),
    element("dl", {}, facts.map(([name, value]) => [element("dt", {}, name), element("dd", {}, value)])));
}

export const anomalies = {
  paths: ["anomalies?order=newest&limit=200"],
  filters: "device, agent or channel",
  draw({ anomalies: page }, state) {
    const wanted = page.anomalies.filter((event) =>
      state.matches(`${event.device} ${event.agent} ${event.channel ?? ""} ${event.state} ${event.severity ?? ""}`));
    const selected = wanted.find((event) => event.id === state.selected) ?? wanted[0];
    return element("div", { class: "split" },
      element("section", {},
        table(["Began", "Device", "", "Severity", "Lasted", "Mostly", "Score"],
          wanted.map((event) => row(event, { ...state, selected: selected?.id })),
          page.anomalies.length === 0 ? "No anomaly so far." : "Nothing matches."),
        page.anomalies.length >= 200 && element("p", { class: "quiet" }, "The newest 200; linnet anomalies has all.")),
      selected && details(selected));
  },
};
