'use strict';
const plan = JSON.parse(document.getElementById('plan').textContent);
const layouts = plan.layouts;
const byId = (id) => document.getElementById(id);
const number = (value) => Number(value.toPrecision(4)).toString();

function element(name, properties = {}, ...children) {
  const result = document.createElement(name);
  Object.assign(result, properties);
  result.append(...children);
  return result;
}

function drawn(name, attributes, text) {
  const result = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) result.setAttribute(key, value);
  if (text !== undefined) result.textContent = text;
  return result;
}

/* The parts of a step, as long as their seconds. */
function bar(layout) {
  const result = element('div', {className: 'bar'});
  const shares = [];
  layout.time.forEach((seconds, part) => {
    if (seconds <= 0) return;
    const share = 100 * seconds / layout.step;
    const piece = element('i', {title: `${plan.parts[part]}: ${number(seconds)} s, ${share.toFixed(1)} %`});
    piece.style.width = `${share}%`;
    piece.style.background = `var(--p${part})`;
    piece.dataset.part = part;
    result.append(piece);
    shares.push(piece.title);
  });
  result.setAttribute('role', 'img');
  result.setAttribute('aria-label', shares.join('; '));
  return result;
}

const size = {width: 760, height: 460, left: 58, right: 16, top: 14, bottom: 42};

/* Round values between two others. */
function ticks(least, most) {
  const step = 10 ** Math.floor(Math.log10((most - least) / 4));
  const each = [1, 2, 5, 10].map((f) => f * step).find((s) => (most - least) / s <= 7);
  const result = [];
  for (let tick = Math.ceil(least / each) * each; tick <= most; tick += each) result.push(Number(tick.toPrecision(6)));
  return result;
}

/* 1, 2, 5, 10, ... where the values differ by a large factor. */
function logarithmicTicks(least, most) {
  if (most / least < 5) return ticks(least, most);
  const result = [];
  for (let power = 10 ** Math.floor(Math.log10(least)); power <= most; power *= 10) {
    result.push(...[1, 2, 5].map((f) => Number((f * power).toPrecision(6))));
  }
  return result.filter((tick) => tick >= least && tick <= most);
}

function plot() {
  const memories = layouts.map((l) => l.memory);
  const steps = layouts.map((l) => l.step);
  const right = Math.max(plan.capacity, ...memories) * 1.02;
  const least = Math.min(...steps);
  const most = Math.max(...steps, least * 1.1);
  /* Logarithmic, so that a factor is as long everywhere. */
  const x = (gib) => size.left + gib / right * (size.width - size.left - size.right);
  const scale = (size.height - size.top - size.bottom) / Math.log(most * 1.05 / (least / 1.05));
  const y = (seconds) => size.height - size.bottom - Math.log(seconds / (least / 1.05)) * scale;
  const svg = drawn('svg', {viewBox: `0 0 ${size.width} ${size.height}`, tabindex: 0, role: 'application',
                            'aria-label': 'Memory and time of every layout. Arrow keys go to the next slower or faster one.'});
  for (const tick of ticks(0, right)) {
    svg.append(drawn('line', {class: 'axis', x1: x(tick), x2: x(tick), y1: size.height - size.bottom, y2: size.height - size.bottom + 5}),
               drawn('text', {x: x(tick), y: size.height - size.bottom + 18, 'text-anchor': 'middle'}, tick));
  }
  for (const tick of logarithmicTicks(least / 1.05, most * 1.05)) {
    svg.append(drawn('line', {class: 'axis', x1: size.left - 5, x2: size.left, y1: y(tick), y2: y(tick)}),
               drawn('text', {x: size.left - 8, y: y(tick) + 4, 'text-anchor': 'end'}, tick));
  }
  svg.append(drawn('path', {class: 'axis', fill: 'none', d: `M${size.left} ${size.top}V${size.height - size.bottom}H${size.width - size.right}`}),
             drawn('line', {class: 'capacity', x1: x(plan.capacity), x2: x(plan.capacity), y1: size.top, y2: size.height - size.bottom}),
             drawn('text', {x: size.width - size.right, y: size.height - 6, 'text-anchor': 'end'}, 'GiB of the stage with the most memory'),
             drawn('text', {x: 4, y: size.top}, 's'));
  const front = layouts.filter((l) => l.pareto).sort((a, b) => a.memory - b.memory);
  svg.append(drawn('path', {class: 'front', d: front.map((l, i) =>
    i === 0 ? `M${x(l.memory)} ${y(l.step)}` : `H${x(l.memory)}V${y(l.step)}`).join('')}));
  /* The best ones are drawn last, on top. */
  for (let i = layouts.length - 1; i >= 0; --i) {
    const kind = i === 0 ? 'point pareto best' : layouts[i].pareto ? 'point pareto' : 'point';
    const point = drawn('circle', {class: kind, cx: x(layouts[i].memory), cy: y(layouts[i].step), r: i === 0 ? 6 : 4});
    point.dataset.index = i;
    svg.append(point);
  }
  byId('plot').append(svg);
  svg.addEventListener('pointerover', (event) => {
    if (event.target.dataset.index !== undefined) show(Number(event.target.dataset.index));
  });
  svg.addEventListener('keydown', (event) => {
    const steps = {ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1};
    const next = event.key === 'Home' ? 0 : event.key === 'End' ? layouts.length - 1 : current + (steps[event.key] ?? NaN);
    if (!(next >= 0 && next < layouts.length)) return;
    event.preventDefault();
    show(next);
  });
}

let current = 0;

function show(index) {
  for (const old of document.querySelectorAll('.current')) old.classList.remove('current');
  current = index;
  for (const selector of ['.point', '#rows tr']) document.querySelector(`${selector}[data-index='${index}']`)?.classList.add('current');
  const layout = layouts[index];
  byId('title').textContent = `${index + 1} of ${layouts.length}: ${number(layout.step)} s, ${number(layout.memory)} GiB`;
  byId('config').textContent = `${layout.config}, micro batch ${layout.micro}, ` +
      (layout.recompute === 'none' ? 'nothing computed again' : `recomputation: ${layout.recompute}`);
  byId('of').textContent = (index === 0 ? 'The fastest one' : `${(layout.step / layouts[0].step * 100 - 100).toFixed(1)} % slower than the fastest one`) + '; ' +
      (layout.pareto ? 'no layout is faster with as little memory' : 'another layout is faster and needs less memory');
  byId('bar').replaceChildren(bar(layout));
  byId('parts').replaceChildren(...layout.time.flatMap((seconds, part) => seconds <= 0 ? [] : [element('tr', {},
      element('td', {textContent: plan.parts[part]}), element('td', {textContent: `${number(seconds)} s`}),
      element('td', {textContent: `${(100 * seconds / layout.step).toFixed(1)} %`}))]));
}

function list() {
  plan.parts.forEach((name, part) => {
    if (!layouts.some((l) => l.time[part] > 0)) return;
    const colour = element('i');
    colour.style.background = `var(--p${part})`;
    byId('legend').append(element('span', {}, colour, name));
  });
  layouts.forEach((layout, index) => {
    if (index >= plan.top && !layout.pareto) return;
    const row = element('tr', {onclick: () => show(index)},
        ...[index + 1, number(layout.step), number(layout.memory), ...layout.sizes, layout.micro, layout.recompute, layout.order].map(
            (value) => element('td', {textContent: value})), element('td', {}, bar(layout)));
    row.dataset.index = index;
    byId('rows').append(row);
  });
}

function changes() {
  for (const change of plan.what_if) {
    const cells = change.possible ?
        [number(change.step_s), `${change.step_ratio < 1 ? '' : '+'}${(100 * (change.step_ratio - 1)).toFixed(1)} %`,
         number(change.memory_gib), change.fits === 'no' ? 'does not fit' : change.config].map((value) => element('td', {textContent: value})) :
        [element('td', {colSpan: 3}), element('td', {textContent: change.reasons.join('; ')})];
    byId('changes').append(element('tr', {}, element('td', {textContent: change.change}), ...cells));
  }
}

document.title = plan.title;
byId('heading').textContent = plan.title;
byId('facts').append(...plan.facts.map((fact) => element('p', {textContent: fact})));
plot();
list();
changes();
show(0);
