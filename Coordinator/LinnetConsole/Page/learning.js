// SPDX-License-Identifier: Apache-2.0
// Rounds and the versions that came of them.

import { chart } from "./chart.js";
import { badge, bytes, element, number, span, table, time, version } from "./dom.js";

const PHASES = { committed: "good", abandoned: "bad", collecting: "busy", aggregating: "busy" };

function curves(rounds) {
  const cohorts = [...new Set(rounds.map((round) => round.cohort))].sort();
  return cohorts.map((cohort) => ({
    name: cohort,
    points: rounds.filter((round) => round.cohort === cohort && Number.isFinite(round.lossAfter))
      .map((round) => ({
        x: round.round, y: round.lossAfter,
        title: `round ${round.round}: ${number(round.lossBefore)} → ${number(round.lossAfter)}`,
      }))
      .sort((left, right) => left.x - right.x),
  })).filter((curve) => curve.points.length > 0);
}

function refusals(round) {
  if (round.refused.length === 0) return null;
  const reasons = round.refused.map((refusal) => `${refusal.agent}: ${refusal.reason}`).join("\n");
  return badge(`${round.refused.length} refused`, "busy", reasons);
}

const roundRow = (round) => [
  round.round, round.cohort, round.kind, badge(round.phase, PHASES[round.phase]), time(round.openedAt),
  round.endedAt ? span(round.endedAt - round.openedAt) : "goes on",
  element("span", { title: round.accepted.join(", ") }, `${round.accepted.length} of ${round.participants.length} `, refusals(round)),
  Number.isFinite(round.lossAfter) ? `${number(round.lossBefore)} → ${number(round.lossAfter)}` : "–",
  bytes(round.updateBytes ?? 0), version(round.version), round.reason ?? "",
];

const modelRow = (model) => [
  element("span", {}, version(model.version), " ", model.aliases.map((alias) => badge(alias, "good"))),
  model.cohort, version(model.parent), model.round ?? "–", model.participants.length, model.parameters, bytes(model.bytes),
  model.release ?? "–", Number.isFinite(model.lossAfter) ? number(model.lossAfter) : "–", time(model.createdAt),
];

export const learning = {
  paths: ["rounds?limit=200", "models?limit=100"],
  draw({ rounds, models }) {
    return [
      element("h2", {}, "Held-out loss after each round"),
      chart(curves(rounds.rounds), "Held-out loss, a curve for each cohort"),
      element("h2", {}, "Rounds"),
      table([">Round", "Cohort", "Kind", "", "Opened", "Took", "Updates", "Loss", ">Received", ">Version", ""],
        rounds.rounds.map(roundRow), "No round yet."),
      element("h2", {}, "Versions"),
      table(["Version", "Cohort", ">Parent", ">Round", ">Participants", ">Parameters", ">Size", ">Release", ">Loss", "Made"],
        models.models.map(modelRow), "No version yet."),
    ];
  },
};
