// The record: columns of small numbers. A value stands once in its column; a finding has only the value's place.
"use strict";

const record = JSON.parse(document.getElementById("record").textContent);
const columns = record.columns;
const size = record.size;

const FACETS = ["kind", "caller", "callee", "topology", "subject", "bridge", "chapter", "check", "strength"];
const NAMES = {
  kind: "Kind", caller: "Caller", callee: "Callee", topology: "Topology", subject: "Subject", bridge: "Bridge",
  chapter: "Chapter", check: "Law or check", strength: "Strength",
};
const SEARCHED = ["check", "sentence", "subject", "bridge", "reason", "departure"];
const MARKS = record.marks;
// The worst comes first: a cell has the color of the worst finding in it.
const WORST = ["kit-error", "crashed", "hung", "broken", "blocked", "inconclusive", "departure", "kept", "observed", "not-applicable"];

// A facet is the place of a value, -1 for all of them; `verdicts` are words; `only` is "", "against" or "departure".
const filter = { verdicts: new Set(), only: "", text: "" };
for (const facet of FACETS) filter[facet] = -1;

function value(column, finding) {
  const found = columns[column];
  return found.values[found.at[finding]];
}

function number(count) {
  return count.toLocaleString("en");
}

function matches(words) {
  // One array a word and column: does the value in this place have the word?
  return words.map((word) => SEARCHED.map((name) => columns[name].values.map((text) => text.toLowerCase().includes(word))));
}

// The findings that the filters let through, and for each facet how many each of its values would let through.
function choose() {
  const words = matches(filter.text.toLowerCase().split(/\s+/).filter(Boolean));
  const counts = {};
  for (const facet of FACETS) counts[facet] = new Int32Array(columns[facet].values.length);
  const verdicts = columns.verdict.values.map((verdict) => !filter.verdicts.size || filter.verdicts.has(verdict));
  const shown = [];
  for (let i = 0; i < size; i++) {
    if (!verdicts[columns.verdict.at[i]]) continue;
    if (filter.only === "against" && !record.against[i]) continue;
    if (filter.only === "departure" && value("state", i) !== "departure") continue;
    if (!words.every((word) => SEARCHED.some((name, n) => word[n][columns[name].at[i]]))) continue;
    let failed = "";
    let failures = 0;
    for (const facet of FACETS) {
      if (filter[facet] !== -1 && columns[facet].at[i] !== filter[facet]) {
        failed = facet;
        failures++;
      }
    }
    if (failures === 0) {
      shown.push(i);
      for (const facet of FACETS) counts[facet][columns[facet].at[i]]++;
    } else if (failures === 1) {
      counts[failed][columns[failed].at[i]]++;
    }
  }
  return { shown, counts };
}

// How some findings look together: the worst state, a short text, and the same in words.
function face(findings, short) {
  const states = {};
  let against = 0;
  for (const i of findings) {
    const state = value("state", i);
    states[state] = (states[state] || 0) + 1;
    against += record.against[i];
  }
  const state = WORST.find((word) => states[word]);
  const applicable = findings.length - (states["not-applicable"] || 0);
  const good = (states.kept || 0) + (states.observed || 0);
  const words = WORST.filter((word) => states[word]).map((word) => `${number(states[word])} ${word}`).join(", ");
  let text = MARKS[state];
  if (short && against > 1) text = number(against);
  if (!short && applicable) text += ` ${number(good)}${good === applicable ? "" : "/" + number(applicable)}`;
  return { state, text, words, states, total: findings.length };
}

// Sort findings into rows and columns. `rows` and `across` name columns; values keep the order that they have there.
function pivot(findings, rows, across) {
  const cells = new Map();
  const key = (names, i) => names.map((name) => columns[name].at[i]).join(",");
  const rowsFound = new Map();
  const columnsFound = new Map();
  for (const i of findings) {
    const row = key(rows, i);
    const column = key(across, i);
    if (!rowsFound.has(row)) rowsFound.set(row, i);
    if (!columnsFound.has(column)) columnsFound.set(column, i);
    const place = row + "|" + column;
    const there = cells.get(place);
    if (there) there.push(i);
    else cells.set(place, [i]);
  }
  const sorted = (found) => [...found].sort(([one], [other]) => {
    const a = one.split(",").map(Number);
    const b = other.split(",").map(Number);
    return a.map((place, n) => place - b[n]).find((difference) => difference) || 0;
  }).map(([place, example]) => ({ place, example }));
  return {
    rows: sorted(rowsFound),
    columns: sorted(columnsFound),
    findings: (row, column) => cells.get(row.place + "|" + column.place),
  };
}
