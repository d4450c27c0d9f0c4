// SPDX-License-Identifier: Apache-2.0
// Who did what, to what, and why.

import { element, table, time } from "./dom.js";

export const log = {
  paths: ["audit?order=newest&limit=300"],
  filters: "anything",
  draw({ audit }, state) {
    const wanted = audit.audit.filter((entry) =>
      state.matches(`${entry.actor} ${entry.action} ${entry.subject} ${entry.reason}`));
    return [
      element("h2", {}, "What was done, newest first"),
      table([">Row", "At", "Who", "What", "On what", "Why"],
        wanted.map((entry) => [entry.row, time(entry.at), entry.actor, entry.action, entry.subject, entry.reason]),
        audit.audit.length === 0 ? "Nothing yet." : "Nothing matches."),
    ];
  },
};
