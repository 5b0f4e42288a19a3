// The texts of a page or picture that cannot be read, as sentences: cut off, outside their box, over another text, or in a
// colour too near to that behind them. Every text is taken line by line, as the browser has laid it out.
// arguments[0]: the least contrast.

const leastContrast = arguments[0];
const problems = [];
const complain = (text, what) => problems.push(`"${text}" ${what}`);
const isSvg = document.documentElement.tagName === "svg";
// Rounding of positions on the screen, in pixels.
const slack = 0.6;

function isSeen(element) {
  return element.checkVisibility({visibilityProperty: true, opacityProperty: true}) &&
         !element.closest("title, desc, style, script, #live");
}

// The part of a line that letters and digits fill, without the room above and below them.
function inked(rect, element) {
  const size = parseFloat(getComputedStyle(element).fontSize);
  return {left: rect.left, right: rect.right, top: rect.top + 0.18 * size, bottom: rect.bottom - 0.18 * size};
}

// Each visible line of text: {text, element, box}.
function linesOf(root) {
  const lines = [];
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const element = node.parentElement;
    if (!node.data.trim() || !isSeen(element)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const rect of range.getClientRects()) {
      if (rect.width > 0) lines.push({text: node.data.trim().slice(0, 60), element, box: inked(rect, element)});
    }
  }
  return lines;
}

const isInside = (box, outer) => box.left >= outer.left - slack && box.right <= outer.right + slack &&
                                 box.top >= outer.top - slack && box.bottom <= outer.bottom + slack;
const sizeText = (box) => `${(box.right - box.left).toFixed(1)} x ${(box.bottom - box.top).toFixed(1)} px`;

function checkInside(line, outer, name) {
  if (!isInside(line.box, outer)) complain(line.text, `(${sizeText(line.box)}) is not inside its ${name} (${sizeText(outer)})`);
}

// The boxes around an element that its text must not leave: the innermost block, and each box that cuts off what does not fit or
// has scroll bars.
const boxesAround = new Map();
function boxesOf(element) {
  if (!boxesAround.has(element)) {
    const {display, overflowX} = getComputedStyle(element);
    const outer = element === document.documentElement ? [] : boxesOf(element.parentElement);
    const box = {rect: element.getBoundingClientRect(), name: `<${element.tagName.toLowerCase()} class="${element.className}">`,
                 isBlock: !["inline", "contents"].includes(display), cuts: ["hidden", "clip"].includes(overflowX),
                 scrolls: ["auto", "scroll"].includes(overflowX)};
    boxesAround.set(element, box.isBlock ? [box, ...outer.filter(({cuts, scrolls}) => cuts || scrolls)] : outer);
  }
  return boxesAround.get(element);
}

// What has been scrolled out of a box with scroll bars is not looked at.
function checkPageLine(line) {
  for (const {rect, name, scrolls} of boxesOf(line.element)) {
    if (!scrolls) {
      checkInside(line, rect, name);
      continue;
    }
    for (const side of ["left", "top"]) line.box[side] = Math.max(line.box[side], rect[side]);
    for (const side of ["right", "bottom"]) line.box[side] = Math.min(line.box[side], rect[side]);
    if (line.box.left >= line.box.right || line.box.top >= line.box.bottom) return false;
  }
  return true;
}

// The box of a picture's text is the rectangle beside it, or else its panel, which ends where the next one begins.
function checkPictureLine(line) {
  const rectangle = line.element.parentElement.querySelector(":scope > rect:not(.page)");
  if (rectangle) {
    checkInside(line, rectangle.getBoundingClientRect(), "rectangle");
  } else {
    const page = document.querySelector("rect.page").getBoundingClientRect();
    const starts = [...document.querySelectorAll("g.panel")].map((panel) => panel.getCTM().e);
    const panel = line.element.closest("g.panel");
    const next = panel ? Math.min(page.right, ...starts.filter((start) => start > panel.getCTM().e)) : page.right;
    checkInside(line, {left: 0, right: next - 8, top: 0, bottom: page.bottom}, "panel");
  }
  return true;
}

// Texts by their place: only those in a common strip of the screen can meet.
function checkOverlaps(lines) {
  const sorted = [...lines].sort((a, b) => a.box.top - b.box.top);
  sorted.forEach((line, i) => {
    for (let j = i + 1; j < sorted.length && sorted[j].box.top < line.box.bottom - slack; ++j) {
      const other = sorted[j];
      if (line.box.left < other.box.right - slack && other.box.left < line.box.right - slack) {
        complain(line.text, `is over "${other.text}"`);
      }
    }
  });
}

const numbersOf = (colour) => colour.match(/[\d.]+/g).map(Number);

function luminance(colour) {
  const [r, g, b] = numbersOf(colour).slice(0, 3).map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function behind(element) {
  for (let outer = element; outer; outer = outer.parentElement) {
    const colour = getComputedStyle(outer).backgroundColor;
    if (numbersOf(colour)[3] !== 0) return colour;
  }
  return "rgb(255, 255, 255)";
}

function checkContrast(line) {
  const [a, b] = [getComputedStyle(line.element).color, behind(line.element)].map(luminance);
  const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (contrast < leastContrast) complain(line.text, `has a contrast of ${contrast.toFixed(2)} only`);
}

const all = linesOf(document.documentElement);
const lines = all.filter(isSvg ? checkPictureLine : checkPageLine);
checkOverlaps(lines);
if (!isSvg) {
  lines.forEach(checkContrast);
  for (const element of document.querySelectorAll("body, main, input, .rank, .node, td, th, dt, dd, label")) {
    const scrolls = ["auto", "scroll"].includes(getComputedStyle(element).overflowX);
    if (isSeen(element) && !scrolls && element.clientWidth > 0 && element.scrollWidth > element.clientWidth) {
      complain(element.textContent.trim().slice(0, 60), `needs ${element.scrollWidth} px of ${element.clientWidth} px`);
    }
  }
  const beyond = document.documentElement.scrollWidth - window.innerWidth;
  if (beyond > 0) complain(document.title, `reaches ${beyond} px beyond the window`);
}
return {count: lines.length, problems: [...new Set(problems)]};
