"use strict";
// What is said of the rank.

function coordinatesOf(mesh, rank) {
  let index = rank - data.firstRank;
  return mesh.axes.map(([name, size]) => {
    const text = `${name} ${index % size} of ${size}`;
    index = Math.floor(index / size);
    return text;
  }).join(", ");
}

function describe() {
  const rank = current();
  byId("rank-title").textContent = rank === null ? "No rank" : `Rank ${rank}${rank === state.pinned ? " (kept)" : ""}`;
  const entries = rank === null ? [["", "Point at a rank, or search one."]]
                                : data.meshes.map((mesh) => [mesh.name, coordinatesOf(mesh, rank)]);
  if (rank !== null && data.gpusPerNode) {
    entries.push(["node", `${nodeOf(rank)}, GPU ${rank % data.gpusPerNode} of 0 .. ${data.gpusPerNode - 1}`]);
  }
  byId("coordinates").replaceChildren(...entries.flatMap(([name, text]) => [element("dt", {}, name), element("dd", {}, text)]));
  for (const row of byId("kinds").tBodies[0].rows) describeKind(row, families[row.dataset.index], rank);
  if (rank !== null) {
    byId("live").textContent = `rank ${rank}: ${chosenFamilies().map((family) => {
      const place = family.locate(rank);
      return place ? `${family.name} group ${place.group}` : `no ${family.name} group`;
    }).join(", ")}`;
  } else {
    byId("live").textContent = "";
  }
}

// `3 of 16`; in a narrow column the line is broken before "of".
function ofText(number, count) {
  return [`${number} `, element("span", {class: "unbroken"}, `of ${count}`)];
}

function membersText(family, group) {
  const most = 32;
  if (family.groupSize <= most) return family.members(group, 0, family.groupSize).join(" ");
  return `${family.members(group, 0, most - 2).join(" ")} ... ${family.members(group, family.groupSize - 2, 2).join(" ")}` +
         ` (${family.groupSize} ranks)`;
}

function describeKind(row, family, rank) {
  const [, group, position, nodes, ranks] = row.cells;
  const place = rank === null ? null : family.locate(rank);
  row.classList.toggle("off", !state.chosen.has(family.name));
  row.querySelector("input").checked = state.chosen.has(family.name);
  group.replaceChildren(...(rank === null ? [`${family.groupCount}`] : ofText(place ? place.group : "none", family.groupCount)));
  position.replaceChildren(...(place ? ofText(place.position, family.groupSize) : []));
  ranks.textContent = place ? membersText(family, place.group) : "";
  ranks.dataset.group = place ? place.group : "";
  if (!data.gpusPerNode) return;
  nodes.replaceChildren(...(place ? nodesText(family, place.group) : []));
}

// `node 3`, or how many nodes a group crosses, and which: the first few and the last.
function nodesText(family, group) {
  const {count, nodes, areAll} = family.nodesOf(group, data.gpusPerNode);
  if (count === "1") return [`node ${nodes[0]}`];
  return [element("span", {class: "badge"}, `crosses ${count}`), ` nodes ${rangesText(nodes, 4, areAll)}`];
}

// Which groups of a kind cross nodes, as text.
function crossingText(family) {
  const [fewest, most] = family.nodes;
  if (most === 1) return "none";
  const on = fewest === most ? `${most} nodes` : `${fewest} to ${most} nodes`;
  if (fewest > 1) return `all ${plural(family.groupCount, "group")}, on ${on}${family.groupCount > 1 ? " each" : ""}`;
  if (family.groupCount * family.groupSize > 1e6) return `some of ${plural(family.groupCount, "group")}, on up to ${most} nodes`;
  const crossing = [];
  for (let group = 0; group < family.groupCount; ++group) {
    if (family.nodesOf(group, data.gpusPerNode).nodes.length > 1) crossing.push(group);
  }
  return `${crossing.length} of ${plural(family.groupCount, "group")}: ${rangesText(crossing, 12)}`;
}
