"use strict";
// The groups as formulas: the same arithmetic as rankmesh::GroupFamily, from the digits that the page holds.

const productOf = (digits) => digits.reduce((product, [size]) => product * size, 1);

// What an index adds up to, digit by digit, the fastest first.
function offsetOf(digits, index) {
  let offset = 0;
  for (const [size, stride] of digits) {
    offset += (index % size) * stride;
    index = Math.floor(index / size);
  }
  return offset;
}

// The index that adds up to the share that these digits have of a number.
function indexOf(digits, number) {
  let index = 0;
  let weight = 1;
  for (const [size, stride] of digits) {
    index += (Math.floor(number / stride) % size) * weight;
    weight *= size;
  }
  return index;
}

// The largest number of members of a group that are looked at one by one.
const mostWalked = 1e5;

class Family {
  constructor(kind, firstRank, layoutSize) {
    Object.assign(this, kind);
    this.firstRank = firstRank;
    this.layoutSize = layoutSize;
    this.parts = this.positions ? productOf(this.positions.outside) : 1;
  }

  // The group and the position of a rank; null where it is in no group.
  locate(rank) {
    const index = rank - this.firstRank;
    if (index < 0 || index >= this.layoutSize) return null;
    let group = indexOf(this.outside, index);
    let position = indexOf(this.inside, index);
    if (this.positions) {
      group = group * this.parts + indexOf(this.positions.outside, position);
      position = indexOf(this.positions.inside, position);
    }
    group -= this.firstGroup;
    if (group < 0 || group >= this.groupCount) return null;
    if (this.picked.length > 0) position = this.picked.indexOf(position);
    return position < 0 ? null : {group, position};
  }

  rankAt(group, position) {
    const whole = this.picked.length > 0 ? this.picked[position] : position;
    const number = this.firstGroup + group;
    const base = this.firstRank + offsetOf(this.outside, Math.floor(number / this.parts));
    if (!this.positions) return base + offsetOf(this.inside, whole);
    const start = offsetOf(this.positions.outside, number % this.parts);
    return base + offsetOf(this.inside, start + offsetOf(this.positions.inside, whole));
  }

  // Some members of a group, in order.
  members(group, first, count) {
    return Array.from({length: count}, (_, i) => this.rankAt(group, first + i));
  }

  // How many members lie in each of some blocks of ranks; null where counting them would take too long.
  membersIn(group, blocks) {
    const counts = new Array(blocks.count).fill(0);
    if (this.positions || this.picked.length > 0) {
      if (this.groupSize > 1e6) return null;
      for (let i = 0; i < this.groupSize; ++i) {
        ++counts[Math.floor((this.rankAt(group, i) - blocks.first) / blocks.size)];
      }
      return counts;
    }
    const digits = [...this.inside].sort((a, b) => a[1] - b[1]);
    const base = this.rankAt(group, 0);
    let before = 0;
    return counts.map((_, block) => {
      const below = membersBelow(digits, blocks.first + (block + 1) * blocks.size - base);
      const here = below - before;
      before = below;
      return here;
    });
  }

  // How many nodes a group lies on, as text, and these nodes, ascending; where there are too many to look at, only those of the
  // first members and of the last.
  nodesOf(group, gpusPerNode) {
    const nodeOf = (position) => Math.floor(this.rankAt(group, position) / gpusPerNode);
    const firstNode = Math.floor(this.firstRank / gpusPerNode);
    const count = Math.ceil((this.firstRank + this.layoutSize) / gpusPerNode) - firstNode;
    const areFew = this.groupSize > mostWalked && count <= mostWalked;
    const members = areFew ? this.membersIn(group, {first: firstNode * gpusPerNode, size: gpusPerNode, count}) : null;
    if (members) {
      const nodes = members.flatMap((here, i) => here > 0 ? [firstNode + i] : []);
      return {count: `${nodes.length}`, nodes, areAll: true};
    }
    const walked = this.groupSize <= mostWalked ? this.groupSize : 4096;
    const nodes = [...new Set([...Array(walked).keys(), this.groupSize - 1].map(nodeOf))].sort((a, b) => a - b);
    const [fewest, most] = walked === this.groupSize ? [nodes.length, nodes.length] : this.nodes;
    return {count: fewest === most ? `${most}` : `${fewest} to ${most}`, nodes, areAll: nodes.length === most};
  }
}

// The members of a group, given by its digits from the fastest, that lie below a rank relative to the first.
function membersBelow(digits, rank) {
  if (rank <= 0) return 0;
  if (digits.length === 0) return 1;
  const faster = digits.slice(0, -1);
  const [size, stride] = digits[digits.length - 1];
  const whole = Math.min(size, Math.floor(rank / stride));
  const rest = whole < size ? membersBelow(faster, rank - whole * stride) : 0;
  return whole * productOf(faster) + rest;
}

// `0 .. 3, 7`; of more than `most` parts, or of numbers that are not all, the first parts and the last: `0, 8, 16, ... 504`.
function rangesText(numbers, most, areAll = true) {
  const parts = [];
  for (let i = 0; i < numbers.length;) {
    let end = i;
    while (end + 1 < numbers.length && numbers[end + 1] === numbers[end] + 1) ++end;
    parts.push(end === i ? `${numbers[i]}` : `${numbers[i]} .. ${numbers[end]}`);
    i = end + 1;
  }
  if (parts.length <= most && areAll) return parts.join(", ");
  return [...parts.slice(0, -1).slice(0, most - 1), `... ${parts.at(-1)}`].join(", ");
}
