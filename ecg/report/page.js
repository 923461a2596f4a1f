"use strict";
// The interactive strip: the whole recording, its beats, their correction, and the corrected annotation as a file.
(async () => {
const $ = id => document.getElementById(id);
const meta = JSON.parse($("meta").textContent);
const canvas = $("ecg"), overview = $("all");

// Chinese only where the browser has the glyphs: a missing one is as wide as any other and looks like any other
function drawsChinese() {
  const probe = document.createElement("canvas");
  probe.width = probe.height = 24;
  const pen = probe.getContext("2d", {willReadFrequently: true});
  const picture = letter => {
    pen.clearRect(0, 0, 24, 24);
    pen.font = "20px " + getComputedStyle(document.body).fontFamily;
    pen.fillText(letter, 1, 19);
    return pen.getImageData(0, 0, 24, 24).data.join();
  };
  return picture("心") !== picture("电") && Math.abs(pen.measureText("心").width - 20) < 2;
}
let words = meta.words;
if (meta.lang === "zh" && !drawsChinese()) {
  words = {};
  document.documentElement.lang = "en";
  for (const part of document.querySelectorAll("[data-en]")) part.textContent = part.dataset.en;
  const hint = document.createElement("p");
  hint.className = "hint";
  hint.textContent = "This browser has no Chinese font, so the report is shown in English.";
  document.querySelector("header").append(hint);
}
const say = (text, numbers = {}) => (words[text] ?? text).replace(/\{(\w+)\}/g, (all, key) => numbers[key] ?? all);

function clock(t, decimals = 0) {
  const unit = 10 ** decimals, ticks = Math.floor(t * unit + 1e-6), s = Math.floor(ticks / unit);
  const h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
  const text = (h ? h + ":" + String(m).padStart(2, "0") : m) + ":" + String(s % 60).padStart(2, "0");
  return decimals ? text + "." + String(ticks % unit).padStart(decimals, "0") : text;
}

// ------------------------------------------------------------------------------------------------ the data

async function unpack(id) {
  const text = atob($(id).textContent), packed = new Uint8Array(text.length);
  for (let i = 0, end = text.length; i < end; i++) packed[i] = text.charCodeAt(i);
  $(id).remove();
  return new Uint8Array(await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer());
}

if (!("DecompressionStream" in window)) {
  $("status").textContent = say("This browser is too old for the interactive strip; the rest of the page is complete.");
  return;
}
function summed(codes) {                           // modulo 256, as they were packed
  let level = 0;
  for (let i = 0, end = codes.length; i < end; i++) codes[i] = level = (level + codes[i]) & 255;
  return codes;
}
const MISSING = 255, codes = summed(await unpack("signal"));
const fs = meta.strip_fs, duration = Math.max(meta.n / meta.fs, 1e-3);

const bytes = await unpack("beats"), n = meta.beats, sample = new Float64Array(n);
for (let i = 0, at = 0; i < n; i++) {
  sample[i] = at += bytes[i] + 256 * bytes[n + i] + 65536 * bytes[2 * n + i] + 16777216 * bytes[3 * n + i];
}
const column = k => bytes.subarray((4 + k) * n, (5 + k) * n);
const [label, confidence, quality] = [0, 1, 2].map(column), share = meta.classes.map((_, k) => column(3 + k));
const letters = [...meta.classes, "?"];
const timeOf = i => sample[i] / meta.fs;

// lowest and highest level of 8, 64, 512, ... samples, so that any stretch is drawn from few numbers
function coarser(low, high) {
  const count = Math.ceil(low.length / 8), least = new Uint8Array(count), most = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    let a = 255, b = 0;                            // b counts from 1, so that missing (255) becomes 0 and is never the highest
    for (let k = 8 * i, end = Math.min(k + 8, low.length); k < end; k++) {
      const up = (high[k] + 1) & 255;
      if (low[k] < a) a = low[k];
      if (up > b) b = up;
    }
    least[i] = a;
    most[i] = (b - 1) & 255;
  }
  return [least, most];
}
const levels = [{size: 1, low: codes, high: codes}];
while (levels.at(-1).low.length > 2000) {
  const {size, low, high} = levels.at(-1), [least, most] = coarser(low, high);
  levels.push({size: 8 * size, low: least, high: most});
}

function extremes(from, to) {                      // of samples from..to; null where all are missing
  const level = levels.findLast(each => each.size * 4 <= to - from) ?? levels[0];
  const first = Math.max(Math.floor(from / level.size), 0);
  const last = Math.min(Math.max(Math.ceil(to / level.size), first + 1), level.low.length);
  let a = 256, b = -1;
  for (let k = first; k < last; k++) {
    if (level.low[k] === MISSING) continue;
    if (level.low[k] < a) a = level.low[k];
    if (level.high[k] > b) b = level.high[k];
  }
  return b < 0 ? null : [a, b];
}

const found = (list, value) => {                   // how many of an increasing list are below value
  let a = 0, b = list.length;
  while (a < b) { const m = (a + b) >> 1; if (list[m] < value) a = m + 1; else b = m; }
  return a;
};

// ------------------------------------------------------------------------------------------------ corrections

const key = ["ecg-report", meta.name, meta.lead, meta.n, n, n ? sample[n - 1] : 0, meta.model].join("/");
let corrections = new Map();                       // beat -> letter, or "-" for no beat
try { corrections = new Map(JSON.parse(localStorage.getItem(key) ?? "[]").filter(([i]) => i < n)); } catch { /* no storage: nothing is kept */ }
const now = i => corrections.get(i) ?? letters[label[i]];
let chosen = -1;

function correct(letter) {
  if (chosen < 0) return;
  if (letter === "" || letter === letters[label[chosen]]) corrections.delete(chosen);
  else corrections.set(chosen, letter);
  try { localStorage.setItem(key, JSON.stringify([...corrections])); } catch { /* as above */ }
  refresh();
}

function refresh() {
  const none = chosen < 0;
  for (const button of document.querySelectorAll("#correct button[data-label]")) {
    button.disabled = none;
    button.classList.toggle("now", !none && button.dataset.label === now(chosen));
  }
  if (!none) {
    const parts = [say("Beat {i} of {n} at {time}", {i: chosen + 1, n, time: clock(timeOf(chosen), 2)}) + ": " + letters[label[chosen]]];
    if (confidence[chosen] !== 255) parts.push(Math.round(confidence[chosen] / 2.5) + " %");
    if (share[0][chosen] !== 255) parts.push("(" + meta.classes.map((c, k) => c + " " + Math.round(share[k][chosen] / 2.5)).join(", ") + ")");
    if (meta.qualities[quality[chosen]] !== "ok") parts.push("· " + say(meta.qualities[quality[chosen]]));
    if (corrections.has(chosen)) parts.push("→ " + (now(chosen) === "-" ? say("not a beat") : now(chosen)));
    $("beat").textContent = parts.join(" ");
  }
  $("changed").textContent = corrections.size ? say("{n} corrected", {n: corrections.size}) + ": "
    + [...corrections.keys()].sort((a, b) => a - b).slice(0, 12).map(i => clock(timeOf(i), 1) + " " + letters[label[i]] + "→" + now(i)).join(", ")
    + (corrections.size > 12 ? " …" : "") : say("nothing corrected");
  draw();
}

// MIT annotation format: 16-bit words, 6 bits of code and 10 of interval, little-endian; long intervals by a SKIP word
function annotation() {
  const CODE = {N: 1, V: 5, F: 6, S: 9, Q: 13}, NOTE = 22, SKIP = 59, AUX = 63, out = [];
  const word = (code, rest) => out.push(rest & 255, code << 2 | rest >> 8);
  const rate = "## time resolution: " + meta.fs;
  word(NOTE, 0);
  word(AUX, rate.length);
  for (const letter of rate.padEnd(rate.length + rate.length % 2, "\0")) out.push(letter.charCodeAt(0));
  let at = 0;
  for (let i = 0; i < n; i++) {
    const letter = now(i);
    if (letter === "-") continue;
    let step = sample[i] - at;
    if (step > 1023) {
      word(SKIP, 0);
      out.push(step >> 16 & 255, step >> 24 & 255, step & 255, step >> 8 & 255);
      step = 0;
    }
    word(CODE[letter] ?? CODE.Q, step);
    at = sample[i];
  }
  word(0, 0);
  return new Uint8Array(out);
}

const rows = () => Array.from({length: n}, (_, i) => i).filter(i => now(i) !== "-").map(i => (
  {sample: sample[i], time_s: timeOf(i), label: now(i), was: letters[label[i]], confidence: confidence[i] === 255 ? null : confidence[i] / 250}));
const removed = () => [...corrections].filter(([, letter]) => letter === "-").map(([i]) => sample[i]).sort((a, b) => a - b);

function save(suffix, content, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], {type}));
  link.download = meta.name.replace(/[^\w.-]+/g, "_") + "." + suffix;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
$("cor").onclick = () => save("cor", annotation(), "application/octet-stream");
$("csv").onclick = () => save("cor.csv", "sample,time_s,label,was,confidence\n" + rows().map(r =>
  [r.sample, r.time_s.toFixed(4), r.label, r.was, r.confidence ?? ""].join(",")).join("\n") + "\n", "text/csv");
$("json").onclick = () => save("cor.json", JSON.stringify(
  {recording: meta.name, lead: meta.lead, fs: meta.fs, model: meta.model, removed: removed(), beats: rows()}), "application/json");

// ------------------------------------------------------------------------------------------------ the view

const PX = 96 / 25.4;                              // CSS pixels a millimetre
const SPANS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400, 172800]
  .filter(s => s < duration).concat(duration);
const view = {start: 0, span: 10, gain: 10};       // s, s, mm/mV
const whole = extremes(0, codes.length) ?? [meta.zero, meta.zero];
const width = () => canvas.clientWidth, height = () => canvas.clientHeight;

function moveTo(start, span = view.span) {
  view.span = Math.min(Math.max(span, Math.min(1, duration)), duration);
  view.start = Math.min(Math.max(start, 0), duration - view.span);
  draw();
}
const lookAt = t => moveTo(t - view.span / 2);
function zoom(factor, at = view.start + view.span / 2) {
  const where = (at - view.start) / view.span, span = Math.min(Math.max(view.span * factor, Math.min(1, duration)), duration);
  moveTo(at - where * span, span);
}
function nextSpan(direction) {
  const near = direction > 0 ? SPANS.find(s => s > view.span * 1.01) : SPANS.findLast(s => s < view.span * 0.99);
  if (near) zoom(near / view.span, chosenShown() ? timeOf(chosen) : undefined);
}
const chosenShown = () => chosen >= 0 && timeOf(chosen) >= view.start && timeOf(chosen) <= view.start + view.span;
const GAINS = [1.25, 2.5, 5, 10, 20, 40, 80];
function nextGain(direction) {
  view.gain = GAINS[Math.min(Math.max(GAINS.indexOf(view.gain) + direction, 0), GAINS.length - 1)];
  draw();
}

let asked = false;
function draw() {
  if (!asked) requestAnimationFrame(() => {
    asked = false;
    if (width() === 0) return;                     // not on the screen, as in print
    paint();
    paintOverview();
  });
  asked = true;
}

const themed = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
function prepare(element) {
  const scale = devicePixelRatio || 1, w = element.clientWidth, h = element.clientHeight;
  if (element.width !== Math.round(w * scale) || element.height !== Math.round(h * scale)) {
    element.width = Math.round(w * scale);
    element.height = Math.round(h * scale);
  }
  const pen = element.getContext("2d");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.fillStyle = themed("--sheet");
  pen.fillRect(0, 0, w, h);
  return [pen, w, h];
}

const TOP = 46, BOTTOM = 20;                       // pixels for labels and times
function paint() {
  const [pen, w, h] = prepare(canvas), perSecond = w / view.span, perMv = view.gain * PX, x = t => (t - view.start) * perSecond;
  const first = Math.max(Math.floor(view.start * fs) - 1, 0), last = Math.min(Math.ceil((view.start + view.span) * fs) + 1, codes.length);
  const shown = extremes(first, last);
  let middle = (whole[0] + whole[1]) / 2;
  if (shown) {                                     // keep still while everything fits, else centre what is shown
    const room = (h - TOP - BOTTOM) / 2 / perMv / meta.step;
    if (shown[0] < middle - room || shown[1] > middle + room) middle = (shown[0] + shown[1]) / 2;
  }
  const y = code => TOP + (h - TOP - BOTTOM) / 2 - (code - middle) * meta.step * perMv;

  const seconds = [0.04, 0.2, 1, 5, 10, 30, 60, 300, 600, 1800, 3600, 10800].filter(s => s * perSecond >= 3.5).slice(0, 2);
  const volts = [0.1, 0.5, 1, 5].filter(v => v * perMv >= 3.5).slice(0, 2), zero = y(meta.zero);
  ["--fine", "--bold"].forEach((color, k) => {
    pen.strokeStyle = themed(color);
    pen.lineWidth = k ? 1 : 0.7;
    pen.beginPath();
    if (seconds[k]) for (let i = Math.ceil(view.start / seconds[k]); i * seconds[k] <= view.start + view.span; i++) {
      pen.moveTo(x(i * seconds[k]), 0);
      pen.lineTo(x(i * seconds[k]), h);
    }
    if (volts[k]) for (let i = Math.ceil((zero - h) / (volts[k] * perMv)); i <= zero / (volts[k] * perMv); i++) {
      pen.moveTo(0, zero - i * volts[k] * perMv);
      pen.lineTo(w, zero - i * volts[k] * perMv);
    }
    pen.stroke();
  });

  pen.font = "12px system-ui, sans-serif";
  for (const [a, b, why] of meta.unreadable) {
    const left = Math.max(x(a / meta.fs), 0), right = Math.min(x(b / meta.fs), w);
    if (right <= left) continue;
    pen.fillStyle = themed("--lost");
    pen.fillRect(left, TOP, Math.max(right - left, 1), h - TOP - BOTTOM);
    if (right - left > 80) {
      pen.fillStyle = themed("--soft");
      pen.textAlign = "center";
      pen.fillText(say("not readable") + ": " + say(why), (left + right) / 2, h - BOTTOM - 6);
    }
  }

  pen.strokeStyle = themed("--trace");
  pen.lineWidth = 1.2;
  pen.lineJoin = "round";
  pen.beginPath();
  if (perSecond / fs >= 0.5) {
    let down = false;
    for (let i = first; i < last; i++) {
      if (codes[i] === MISSING) { down = false; continue; }
      if (down) pen.lineTo(x(i / fs), y(codes[i])); else pen.moveTo(x(i / fs), y(codes[i]));
      down = true;
    }
  } else {
    for (let px = 0; px < w; px++) {
      const from = (view.start + px / perSecond) * fs, pair = extremes(from, from + fs / perSecond);
      if (!pair) continue;
      pen.moveTo(px + 0.5, y(pair[0]) + 0.5);
      pen.lineTo(px + 0.5, y(pair[1]) - 0.5);
    }
  }
  pen.stroke();

  const from = found(sample, view.start * meta.fs), to = found(sample, (view.start + view.span) * meta.fs);
  if (chosen >= from && chosen < to) {
    pen.fillStyle = themed("--link") + "26";
    pen.fillRect(x(timeOf(chosen)) - 14, 0, 28, h - BOTTOM);
  }
  pen.textAlign = "center";
  let rare = 0;
  for (let i = from; i < to; i++) if (now(i) !== "N") rare++;
  // letters of all beats where there is room, else of those that are not normal, else ticks alone
  const room = w / Math.max(to - from, 1), roomForRare = w / Math.max(rare, 1), ends = {letter: -Infinity, tick: {}};
  for (let i = from; i < to; i++) {
    const letter = now(i), at = x(timeOf(i)), color = meta.colors[letter] ?? "#777777";
    const sure = confidence[i] >= meta.unsure * 250 || corrections.has(i);
    if (ends.tick[letter] === Math.round(at)) continue;
    ends.tick[letter] = Math.round(at);
    pen.fillStyle = color;
    pen.fillRect(at - 1, letter === "N" ? TOP - 6 : TOP - 10, 2, letter === "N" ? 5 : 9);
    if (at - 10 < ends.letter || !(room >= 24 || (roomForRare >= 24 && letter !== "N") || i === chosen)) continue;
    ends.letter = at + 11;
    pen.beginPath();
    pen.roundRect(at - 9, 4, 18, 18, 4);
    pen.fillStyle = sure ? color : themed("--sheet");
    pen.fill();
    pen.strokeStyle = corrections.has(i) ? themed("--ink") : color;
    pen.lineWidth = corrections.has(i) ? 2 : 1.5;
    pen.setLineDash(sure ? [] : [3, 2]);
    pen.stroke();
    pen.setLineDash([]);
    pen.fillStyle = !sure ? themed("--ink") : letter === "N" ? "#ffffff" : "#000000";
    pen.font = "700 13px system-ui, sans-serif";
    pen.fillText(letter === "-" ? "×" : letter, at, 17.5);
    if (room >= 22 && confidence[i] !== 255 && !corrections.has(i)) {
      pen.font = "10px system-ui, sans-serif";
      pen.fillStyle = themed("--soft");
      pen.fillText(Math.round(confidence[i] / 2.5), at, 33);
    }
  }

  const step = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 21600].find(s => s * perSecond >= 70) ?? 43200;
  pen.font = "12px system-ui, sans-serif";
  pen.fillStyle = themed("--soft");
  for (let i = Math.ceil(view.start / step); i * step <= view.start + view.span; i++) {
    const at = x(i * step);
    pen.textAlign = at < 20 ? "left" : at > w - 20 ? "right" : "center";
    pen.fillText(clock(i * step), at, h - 6);
  }
  const speed = view.span < 600 ? " · " + (perSecond / PX).toFixed(perSecond / PX < 10 ? 1 : 0) + " mm/s" : "";
  $("span").textContent = view.span < 120 ? view.span.toFixed(view.span < 10 ? 1 : 0) + " s" : clock(view.span);
  $("gain").textContent = view.gain + " mm/mV";
  $("status").textContent = clock(view.start, 1) + " – " + clock(view.start + view.span, 1) + speed;
}

const still = document.createElement("canvas");       // the overview without the frame: painted again only when it changes
let stillOf = "";
function paintOverview() {
  const [pen, w, h] = prepare(overview), scale = (h - 16) / Math.max(whole[1] - whole[0], 1);
  const state = [overview.width, overview.height, corrections.size, [...corrections.values()].join(""), themed("--sheet")].join();
  if (stillOf !== state) {
    stillOf = state;
    pen.strokeStyle = themed("--soft");
    pen.beginPath();
    for (let px = 0; px < w; px++) {
      const pair = extremes(px / w * codes.length, (px + 1) / w * codes.length);
      if (!pair) continue;
      pen.moveTo(px + 0.5, h - 2 - (pair[0] - whole[0]) * scale);
      pen.lineTo(px + 0.5, h - 3 - (pair[1] - whole[0]) * scale);
    }
    pen.stroke();
    for (const [a, b] of meta.unreadable) {
      pen.fillStyle = themed("--lost");
      pen.fillRect(a / meta.n * w, 0, Math.max((b - a) / meta.n * w, 1), h);
    }
    const marks = {Q: new Set(), F: new Set(), S: new Set(), V: new Set()};         // what is rarer and graver goes on top
    for (let i = 0; i < n; i++) marks[now(i)]?.add(Math.floor(sample[i] / meta.n * w));
    for (const [letter, places] of Object.entries(marks)) {
      pen.fillStyle = meta.colors[letter];
      for (const at of places) pen.fillRect(at, 2, 1.5, 9);
    }
    still.width = overview.width;
    still.height = overview.height;
    still.getContext("2d").drawImage(overview, 0, 0);
  } else pen.drawImage(still, 0, 0, w, h);
  pen.fillStyle = themed("--link") + "30";
  pen.strokeStyle = themed("--link");
  pen.lineWidth = 1.5;
  const left = view.start / duration * w, size = Math.max(view.span / duration * w, 3);
  pen.fillRect(left, 0, size, h);
  pen.strokeRect(left, 0.75, size, h - 1.5);
}

// ------------------------------------------------------------------------------------------------ going places

const KINDS = {
  ectopic: [say("V, S or F"), i => "VSF".includes(now(i))],
  ...Object.fromEntries(meta.classes.map(c => [c, [c, i => now(i) === c]])),
  unsure: [say("uncertain"), i => now(i) !== "-" && !corrections.has(i) && confidence[i] < meta.unsure * 250],
  unlabelled: [say("not classified"), i => now(i) === "?"],
  corrected: [say("corrected"), i => corrections.has(i)],
  any: [say("any beat"), () => true],
};
for (const [kind, [name]] of Object.entries(KINDS)) $("kind").add(new Option(name, kind));
if (meta.pauses.length) $("kind").add(new Option(say("pause"), "pause"));

function jump(direction) {
  const here = chosenShown() ? timeOf(chosen) : direction > 0 ? view.start - 1e-6 : view.start + view.span;
  if ($("kind").value === "pause") {
    const starts = meta.pauses.map(([t]) => t), middle = view.start + view.span / 2;
    const t = direction > 0 ? starts.find(t => t > middle + 0.5) : starts.findLast(t => t < middle - 0.5);
    if (t === undefined) $("status").textContent = say("none further on");
    else { chosen = -1; lookAt(t + 0.25); }
    return;
  }
  const test = KINDS[$("kind").value][1];
  let i = found(sample, Math.round(here * meta.fs));
  if (direction < 0) i -= 1;
  else if (chosen >= 0 && i === chosen) i += 1;
  while (i >= 0 && i < n && !test(i)) i += direction;
  if (i < 0 || i >= n) { $("status").textContent = say("none further on"); return; }
  choose(i);
}
function choose(i) {
  chosen = i;
  const t = timeOf(i), edge = view.span * 0.15;
  if (t < view.start + edge || t > view.start + view.span - edge) lookAt(t);
  refresh();
}
function visit(t) {
  if (view.span > 60) view.span = startSpan();
  lookAt(t);
  $("recording").scrollIntoView();
  canvas.focus({preventScroll: true});
}
document.addEventListener("click", event => {
  const button = event.target.closest("button.jump");
  if (button) visit(+button.dataset.t);
});
const trend = document.querySelector("svg.trend");
trend.addEventListener("click", event => {
  const box = trend.getBoundingClientRect(), {left, right, width: w} = trend.dataset;
  visit(Math.min(Math.max(((event.clientX - box.left) / box.width * w - left) / (right - left), 0), 1) * duration);
});
$("next").onclick = () => jump(1);
$("prev").onclick = () => jump(-1);
$("in").onclick = () => nextSpan(-1);
$("out").onclick = () => nextSpan(1);
$("higher").onclick = () => nextGain(1);
$("lower").onclick = () => nextGain(-1);
$("goto").onsubmit = event => {
  event.preventDefault();
  const parts = $("time").value.trim().split(":").map(Number);
  const t = parts.reduce((sum, part) => sum * 60 + part, 0);
  if (parts.length <= 3 && Number.isFinite(t) && t >= 0 && t <= duration && $("time").value.trim()) lookAt(t);
  else $("status").textContent = say("Give a time between 0:00 and {end}, such as 1:05 or 12:30:00.", {end: clock(duration)});
};
for (const button of document.querySelectorAll("#correct button[data-label]")) button.onclick = () => correct(button.dataset.label);

canvas.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const act = {
    ArrowLeft: () => moveTo(view.start - view.span / 5), ArrowRight: () => moveTo(view.start + view.span / 5),
    PageUp: () => moveTo(view.start - view.span), PageDown: () => moveTo(view.start + view.span),
    ArrowUp: () => nextGain(1), ArrowDown: () => nextGain(-1), Home: () => moveTo(0), End: () => moveTo(duration),
    "+": () => nextSpan(-1), "=": () => nextSpan(-1), "-": () => nextSpan(1), n: () => jump(1), p: () => jump(-1),
    0: () => correct(""), 6: () => correct("-"),
    ...Object.fromEntries(meta.classes.map((c, k) => [k + 1, () => correct(c)])),
  }[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (act) { event.preventDefault(); act(); }
});

const fingers = new Map();
let pressed = null;
canvas.addEventListener("pointerdown", event => {
  canvas.setPointerCapture(event.pointerId);
  fingers.set(event.pointerId, event.offsetX);
  pressed = {x: event.offsetX, start: view.start, span: view.span, moved: false, gap: null};
});
canvas.addEventListener("pointermove", event => {
  if (!fingers.has(event.pointerId)) return;
  fingers.set(event.pointerId, event.offsetX);
  if (fingers.size === 2) {
    const [a, b] = [...fingers.values()], gap = Math.max(Math.abs(a - b), 10), centre = (a + b) / 2;
    if (pressed.gap !== null) zoom(pressed.gap / gap, view.start + centre / width() * view.span);
    pressed.gap = gap;
    pressed.moved = true;
  } else {
    if (Math.abs(event.offsetX - pressed.x) > 4) pressed.moved = true;
    if (pressed.moved && pressed.gap === null) moveTo(pressed.start - (event.offsetX - pressed.x) / width() * pressed.span);
  }
});
for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, event => {
  if (!fingers.delete(event.pointerId) || fingers.size) return;
  if (end === "pointerup" && !pressed.moved) {
    const t = view.start + event.offsetX / width() * view.span, i = found(sample, t * meta.fs);
    const near = [i - 1, i].filter(k => k >= 0 && k < n).sort((a, b) => Math.abs(timeOf(a) - t) - Math.abs(timeOf(b) - t))[0];
    if (near !== undefined && Math.abs(timeOf(near) - t) / view.span * width() < 24) { chosen = near; refresh(); }
  }
});
canvas.addEventListener("wheel", event => {
  if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) { event.preventDefault(); moveTo(view.start + event.deltaX / width() * view.span); }
  else if (event.ctrlKey || document.activeElement === canvas) {      // elsewhere the wheel scrolls the page
    event.preventDefault();
    zoom(Math.exp(event.deltaY * 0.0015), view.start + event.offsetX / width() * view.span);
  }
}, {passive: false});
const drag = event => { if (event.buttons) lookAt(event.offsetX / overview.clientWidth * duration); };
overview.addEventListener("pointerdown", event => { overview.setPointerCapture(event.pointerId); drag(event); });
overview.addEventListener("pointermove", drag);

// ------------------------------------------------------------------------------------------------ begin

const startSpan = () => Math.min(width() / (25 * PX), duration);        // 25 mm/s
view.span = startSpan();
const body = extremes(0, Math.min(codes.length, Math.ceil(60 * fs))) ?? whole;
view.gain = GAINS.findLast(gain => gain <= 10 && (body[1] - body[0]) * meta.step * gain * PX < height() - TOP - BOTTOM) ?? GAINS[0];
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
new ResizeObserver(draw).observe(canvas);
refresh();
requestAnimationFrame(() => requestAnimationFrame(() => {
  document.documentElement.dataset.ready = performance.now().toFixed(0);       // ms since navigation
}));
})();
