"use strict";
// Shows the groups of a rank: the cursor is on a rank (pointed at, or focused), and one may be kept.

const data = JSON.parse(document.getElementById("data").textContent);
const families = data.kinds.map((kind) => new Family(kind, data.firstRank, data.layoutSize));
const byId = (id) => document.getElementById(id);
const layoutEnd = data.firstRank + data.layoutSize;

const state = {
  page: 0,
  cursor: null,
  pinned: data.firstRank,
  chosen: new Set(families.filter((family) => family.usual).map((family) => family.name)),
};
let cells = [];
let groupsOfPage = new Map();

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

const isOurs = (rank) => rank >= data.firstRank && rank < layoutEnd;
const nodeOf = (rank) => Math.floor(rank / data.gpusPerNode);
const current = () => state.cursor ?? state.pinned;
const chosenFamilies = () => families.filter((family) => state.chosen.has(family.name));
const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

// How a kind looks: its colour, and a bar where there are more kinds than colours.
function lookOf(family) {
  const colour = `var(--c${family.order % data.colours})`;
  const bar = `var(--t${family.order % data.colours})`;
  switch (Math.floor(family.order / data.colours) % 3) {
    case 0: return colour;
    case 1: return `linear-gradient(${colour} 65%, ${bar} 65%)`;
    default: return `linear-gradient(90deg, ${bar} 30%, ${colour} 30%)`;
  }
}

// The ranks of the page.

function makeCell(rank) {
  const ours = isOurs(rank);
  const cell = element("button", {type: "button", class: ours ? "rank" : "rank outside", "data-rank": rank, tabindex: -1,
                                  disabled: ours ? null : ""},
                       element("span", {}, `${rank}`), element("span", {class: "strip"}));
  cells.push(cell);
  return cell;
}

function makeNodes(first, end) {
  const nodes = element("div", {class: "nodes"});
  for (let node = nodeOf(first); node * data.gpusPerNode < end; ++node) {
    const inside = element("div", {style: `grid-template-columns: repeat(${data.boxColumns}, max-content)`});
    const from = Math.max(first, node * data.gpusPerNode);
    for (let rank = from; rank < Math.min(end, (node + 1) * data.gpusPerNode); ++rank) inside.append(makeCell(rank));
    nodes.append(element("div", {class: "node", "data-node": node}, element("h3", {}, `node ${node}`), inside));
  }
  return nodes;
}

// As many nodes in a line as in the other pictures, or as there is room for beside the rest.
function fitNodes() {
  const nodes = [...document.querySelectorAll(".node")];
  if (nodes.length === 0) return;
  const beside = window.innerWidth > 900 ? 480 : 0;
  const widest = Math.max(...nodes.map((node) => node.offsetWidth));
  for (const node of nodes) node.style.minWidth = `${widest}px`;
  const each = widest + 8;
  const room = Math.floor((byId("ranks").closest("main").clientWidth - beside) / each);
  nodes[0].parentElement.style.width = `${Math.min(Math.max(room, 1), data.columns / data.boxColumns) * each}px`;
}

// Lines of one length, with gaps where axes begin anew.
function makeLines(first, end) {
  const gapsBefore = (gaps, index) => gaps.reduce((sum, every) => sum + Math.floor(index / every), 0);
  const tracks = (count, gaps) => {
    let text = "";
    for (let i = 0; i < count; ++i) {
      const more = i > 0 ? gapsBefore(gaps, i) - gapsBefore(gaps, i - 1) : 0;
      text += `${"8px ".repeat(more)}max-content `;
    }
    return text;
  };
  const rows = Math.ceil((end - first) / data.columns);
  const grid = element("div", {class: "plain", style: `grid-template-columns: ${tracks(data.columns, data.columnGaps)};` +
                                                      `grid-template-rows: ${tracks(rows, data.rowGaps)}`});
  for (let rank = first; rank < end; ++rank) {
    const column = (rank - first) % data.columns;
    const row = Math.floor((rank - first) / data.columns);
    const cell = makeCell(rank);
    cell.style.gridColumn = column + gapsBefore(data.columnGaps, column) + 1;
    cell.style.gridRow = row + gapsBefore(data.rowGaps, row) + 1;
    grid.append(cell);
  }
  return grid;
}

const pageCount = Math.ceil(data.rankCount / data.pageSize);
const pageOf = (rank) => Math.floor((rank - data.begin) / data.pageSize);

function showPage(page) {
  state.page = page;
  cells = [];
  const first = data.begin + page * data.pageSize;
  const end = Math.min(first + data.pageSize, data.begin + data.rankCount);
  byId("ranks").replaceChildren(data.gpusPerNode ? makeNodes(first, end) : makeLines(first, end));
  fitNodes();
  groupsOfPage = new Map(families.map((family) => [
    family.name, cells.map((_, i) => family.locate(first + i)?.group ?? -1)]));
  byId("page-text").textContent = `ranks ${first} .. ${end - 1} of ${data.begin} .. ${data.begin + data.rankCount - 1}`;
  byId("previous").disabled = page === 0;
  byId("next").disabled = page === pageCount - 1;
  setTabStop(Math.max(first, data.firstRank));
}

// One rank of the page is where the Tab key enters.
function setTabStop(rank) {
  for (const cell of cells) cell.tabIndex = Number(cell.dataset.rank) === rank ? 0 : -1;
}

const cellOf = (rank) => cells[rank - data.begin - state.page * data.pageSize] ?? null;

function goTo(rank, {focus = true} = {}) {
  if (pageOf(rank) !== state.page) showPage(pageOf(rank));
  if (!focus) return;
  cellOf(rank).focus({preventScroll: true});
  cellOf(rank).scrollIntoView({block: "nearest", inline: "nearest"});
}

// Goes to a rank so that its cell and what is said of it are both in the window.
function lookAt(rank) {
  byId("ranks").closest("main").scrollIntoView();
  goTo(rank);
  byId("about").scrollTop = 0;
}

// What is lit up.

// Every chosen kind keeps its place in the strip of a cell, so that the place tells it as well as the colour.
function paintStrip(strip, chosen, lit) {
  // In lines of at most eight, so that the parts stay wide enough to be seen.
  const lines = Math.max(1, Math.ceil(chosen.length / 8));
  strip.style.gridTemplateColumns = `repeat(${Math.ceil(chosen.length / lines)}, 1fr)`;
  strip.style.flexBasis = lines > 2 ? "62%" : null;
  strip.replaceChildren(...chosen.map((family) => element("i", {
    "data-kind": family.name, style: lit.includes(family) ? `background: ${lookOf(family)}` : null})));
}

function lightCell(cell, chosen, lit) {
  const rank = Number(cell.dataset.rank);
  cell.classList.toggle("current", rank === current());
  cell.classList.toggle("pinned", rank === state.pinned);
  cell.setAttribute("aria-pressed", rank === state.pinned);
  const namesOf = (list) => list.map((family) => family.name).join(", ");
  // What is lit already is left as it is.
  const key = `${namesOf(lit)} of ${namesOf(chosen)}`;
  if (cell.dataset.lit === key) return;
  cell.dataset.lit = key;
  cell.classList.toggle("lit", lit.length > 0);
  cell.setAttribute("aria-label", `rank ${rank}${lit.length > 0 ? `, in the same ${namesOf(lit)} group` : ""}`);
  paintStrip(cell.lastChild, chosen, lit);
}

function light() {
  const rank = current();
  const places = chosenFamilies().map((family) => ({family, place: rank === null ? null : family.locate(rank)}));
  const chosen = chosenFamilies();
  const touched = new Set();
  cells.forEach((cell, i) => {
    const lit = places.filter(({family, place}) => place && groupsOfPage.get(family.name)[i] === place.group)
                      .map(({family}) => family);
    if (lit.length > 0 && data.gpusPerNode) touched.add(nodeOf(Number(cell.dataset.rank)));
    lightCell(cell, chosen, lit);
  });
  for (const node of document.querySelectorAll(".node")) {
    node.classList.toggle("touched", touched.has(Number(node.dataset.node)));
  }
  lightBlocks(places);
}

function lightBlocks(places) {
  if (!data.blocks) return;
  const counts = places.map(({family, place}) => [family, place && family.membersIn(place.group, data.blocks)]);
  const rank = current();
  [...byId("blocks").children].forEach((block, i) => {
    const here = counts.filter(([, members]) => members && members[i] > 0);
    block.dataset.lit = here.map(([family, members]) => `${family.name}:${members[i]}`).join(" ");
    block.replaceChildren(...counts.map(([family, members]) => element("i", {
      style: members && members[i] > 0 ? `background: ${lookOf(family)}` : null})));
    block.title = `${block.dataset.label}${here.map(([family, members]) => `\n${members[i]} of the ${family.name} group`).join("")}`;
    block.classList.toggle("here", rank !== null && Math.floor((rank - data.blocks.first) / data.blocks.size) === i);
  });
}

// Setting up.

function refresh() {
  light();
  describe();
}

function choose(names) {
  state.chosen = new Set(names);
  refresh();
}

function makeKinds() {
  families.forEach((family, index) => {
    const box = element("input", {type: "checkbox", id: `kind-${family.name}`});
    box.addEventListener("change", () => {
      state.chosen[box.checked ? "add" : "delete"](family.name);
      refresh();
    });
    // A long name may be broken after an underscore.
    const parts = family.name.match(/[^_]+_*|_+/g).flatMap((part) => [part, element("wbr")]);
    const name = element("span", {}, ...parts, ...(family.sameAs ? [element("small", {}, `as ${family.sameAs}`)] : []));
    const label = element("label", {for: box.id}, box, element("span", {class: "swatch", style: `background: ${lookOf(family)}`}),
                          name);
    byId("kinds").tBodies[0].append(element("tr", {"data-index": index, "data-kind": family.name}, element("td", {}, label),
      element("td", {class: "number"}), element("td", {class: "number"}), element("td", {class: "of-nodes"}),
      element("td", {class: "ranks"})));
    if (data.gpusPerNode) {
      byId("crossing").lastElementChild.append(element("dt", {}, family.name),
                                               element("dd", {"data-crossing": family.name}, crossingText(family)));
    }
  });
  const all = families.map((family) => family.name);
  byId("choose-all").addEventListener("click", () => choose(all));
  byId("choose-none").addEventListener("click", () => choose([]));
  byId("choose-usual").addEventListener("click", () => choose(families.filter((f) => f.usual).map((f) => f.name)));
  byId("choose-crossing").addEventListener("click",
    () => choose(families.filter((f) => f.nodes[1] > 1 && !f.sameAs).map((f) => f.name)));
  byId("choose-crossing").hidden = byId("crossing").hidden = !data.gpusPerNode;
  if (!data.gpusPerNode) {
    for (const cell of document.querySelectorAll(".of-nodes")) cell.hidden = true;
  }
}

function makeBlocks() {
  if (!data.blocks) return;
  byId("whole").hidden = byId("pages").hidden = byId("page-keys").hidden = false;
  byId("whole-text").textContent = `All ${data.rankCount} ranks, ${data.blocks.size} to a box: marked where the groups of the ` +
                                   "rank have members. A click goes there.";
  for (let i = 0; i < data.blocks.count; ++i) {
    const first = data.blocks.first + i * data.blocks.size;
    const last = Math.min(first + data.blocks.size, data.begin + data.rankCount) - 1;
    const label = `ranks ${first} .. ${last}`;
    const block = element("button", {type: "button", class: "block", "aria-label": label, "data-label": label});
    block.addEventListener("click", () => lookAt(Math.max(first, data.firstRank)));
    byId("blocks").append(block);
  }
}

function pin(rank) {
  state.pinned = state.pinned === rank ? null : rank;
  refresh();
}

// The cell above or below, wherever the lines are broken.
function cellBeyond(cell, direction) {
  const from = cell.getBoundingClientRect();
  let best = null;
  let bestCost = Infinity;
  for (const other of cells) {
    const box = other.getBoundingClientRect();
    const down = (box.top - from.top) * direction;
    if (down < from.height / 2 || other.disabled) continue;
    const cost = down * 1000 + Math.abs(box.left - from.left);
    if (cost < bestCost) [best, bestCost] = [other, cost];
  }
  return best;
}

function onRankKey(event) {
  const cell = event.target.closest(".rank");
  if (!cell || event.altKey || event.ctrlKey || event.metaKey) return;
  const rank = Number(cell.dataset.rank);
  const within = (to) => Math.min(Math.max(to, data.firstRank), layoutEnd - 1);
  const beyond = (direction) => Number(cellBeyond(cell, direction)?.dataset.rank ?? rank);
  const moves = {
    ArrowRight: () => rank + 1, ArrowLeft: () => rank - 1, ArrowDown: () => beyond(1), ArrowUp: () => beyond(-1),
    Home: () => data.firstRank, End: () => layoutEnd - 1,
    PageDown: () => rank + data.pageSize, PageUp: () => rank - data.pageSize,
  };
  if (!(event.key in moves)) return;
  event.preventDefault();
  goTo(within(moves[event.key]()));
}

function onKey(event) {
  if (event.key === "Escape") {
    state.cursor = state.pinned = null;
    refresh();
  } else if (event.key === "/") {
    event.preventDefault();
    byId("rank").select();
  }
}

function onSearch(event) {
  event.preventDefault();
  const text = byId("rank").value.trim();
  const rank = Number(text);
  const exists = /^[0-9]+$/.test(text) && isOurs(rank);
  byId("search-error").textContent =
    exists ? "" : `There is no rank ${text || "without a number"}; the ranks are ${data.firstRank} .. ${layoutEnd - 1}.`;
  byId("rank").setAttribute("aria-invalid", !exists);
  if (!exists) return;
  state.pinned = rank;
  lookAt(rank);
  refresh();
}

function moveCursor(rank) {
  state.cursor = rank;
  refresh();
}

function start() {
  byId("title").textContent = data.title;
  byId("facts").append(...data.facts.map((line) => element("p", {}, line)));
  const style = document.documentElement.style;
  const [width, height, font] = data.pageSize <= 64 ? [46, 42, 15] : data.pageSize <= 256 ? [38, 34, 12] : [32, 28, 10.5];
  style.setProperty("--cell-width", `${width}px`);
  style.setProperty("--cell-height", `${height}px`);
  style.setProperty("--cell-font", `${font}px`);
  style.setProperty("--digits", `${data.begin + data.rankCount - 1}`.length);
  makeKinds();
  makeBlocks();
  const ranks = byId("ranks");
  ranks.addEventListener("mouseover", (event) => {
    const cell = event.target.closest(".rank:not(.outside)");
    if (cell) moveCursor(Number(cell.dataset.rank));
  });
  ranks.addEventListener("mouseleave", () => moveCursor(null));
  ranks.addEventListener("focusin", (event) => {
    setTabStop(Number(event.target.dataset.rank));
    moveCursor(Number(event.target.dataset.rank));
  });
  ranks.addEventListener("focusout", () => moveCursor(null));
  ranks.addEventListener("click", (event) => {
    const cell = event.target.closest(".rank:not(.outside)");
    if (cell) pin(Number(cell.dataset.rank));
  });
  ranks.addEventListener("keydown", onRankKey);
  document.addEventListener("keydown", onKey);
  window.addEventListener("resize", fitNodes);
  byId("search").addEventListener("submit", onSearch);
  const turn = (by) => goTo(Math.min(Math.max(data.begin + (state.page + by) * data.pageSize, data.firstRank), layoutEnd - 1),
                            {focus: false});
  byId("previous").addEventListener("click", () => { turn(-1); refresh(); });
  byId("next").addEventListener("click", () => { turn(1); refresh(); });
  showPage(0);
  refresh();
}

start();
