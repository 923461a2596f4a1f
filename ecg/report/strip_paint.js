// The strip and the overview below it, painted.

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

const BAND = meta.rhythm.length ? 15 : 0;           // pixels for the rhythm, where it is known
const TOP = 46, BOTTOM = 20 + BAND;                // pixels for labels, and for rhythm and times
function paint() {
  const [pen, w, h] = prepare(canvas), perSecond = w / view.span, perMv = view.gain * PX;
  const first = Math.max(Math.floor(view.start * fs) - 1, 0), last = Math.min(Math.ceil((view.start + view.span) * fs) + 1, length);
  const x = t => (t - view.start) * perSecond;
  const sheet = {pen, w, h, perSecond, perMv, first, last, x};
  const traces = leads.map((lead, k) => placed(lead, k, sheet));
  paintPaper(sheet, traces);
  pen.font = "12px system-ui, sans-serif";
  paintUnreadable(sheet);
  for (const trace of traces) paintTrace(sheet, trace);
  paintRhythm(sheet);
  paintBeats(sheet);
  paintTimes(sheet);
  tell(perSecond);
}

// lead k and where it is drawn: from `top` to `bottom`, its codes at y(code)
function placed(lead, k, {h, perMv, first, last}) {
  const each = (h - TOP - BOTTOM) / leads.length, top = TOP + k * each, shown = extremes(lead, first, last);
  let middle = (lead.whole[0] + lead.whole[1]) / 2;
  if (shown) {                                     // keep still while everything fits, else centre what is shown
    const room = each / 2 / perMv / lead.step;
    if (shown[0] < middle - room || shown[1] > middle + room) middle = (shown[0] + shown[1]) / 2;
  }
  return {lead, top, bottom: top + each, y: code => top + each / 2 - (code - middle) * lead.step * perMv};
}

// every k-th multiple of `step` on the clock that is shown, at(k's time in s from the start, k)
function everyStep(step, at) {
  for (let k = Math.ceil((origin + view.start) / step); k * step <= origin + view.start + view.span; k++) at(k * step - origin, k);
}

function paintPaper({pen, w, h, perSecond, perMv, x}, traces) {
  const seconds = [0.04, 0.2, 1, 5, 10, 30, 60, 300, 600, 1800, 3600, 10800].filter(s => s * perSecond >= 3.5).slice(0, 2);
  const volts = [0.1, 0.5, 1, 5].filter(v => v * perMv >= 3.5).slice(0, 2);
  ["--fine", "--bold"].forEach((color, k) => {
    pen.strokeStyle = themed(color);
    pen.lineWidth = k ? 1 : 0.7;
    pen.beginPath();
    if (seconds[k]) everyStep(seconds[k], t => {
      pen.moveTo(x(t), 0);
      pen.lineTo(x(t), h);
    });
    if (volts[k]) traces.forEach(({lead, top, bottom, y}, number) => {      // from the zero of each lead; the first takes the labels too
      const zero = y(lead.zero), far = volts[k] * perMv, ceiling = number ? top : 0, floor = number === traces.length - 1 ? h : bottom;
      for (let i = Math.ceil((zero - floor) / far); i <= (zero - ceiling) / far; i++) {
        pen.moveTo(0, zero - i * far);
        pen.lineTo(w, zero - i * far);
      }
    });
    pen.stroke();
  });
}

function paintUnreadable({pen, w, h, x}) {
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
}

function paintRhythm({pen, w, h, x}) {
  pen.textAlign = "center";
  pen.font = "700 11px system-ui, sans-serif";
  for (const [start, stop, name] of meta.rhythm) {
    const left = Math.max(x(start), 0), size = Math.max(Math.min(x(stop), w) - left, 1.5);
    if (x(stop) < 0 || left > w) continue;
    const [short, , color] = meta.rhythms[name], quiet = name === "N";
    pen.fillStyle = color;
    pen.fillRect(left, h - BOTTOM + (quiet ? 5 : 0), size, quiet ? 5 : BAND - 1);
    pen.fillStyle = "#000000";
    if (!quiet && size > pen.measureText(say(short)).width + 6) pen.fillText(say(short), left + size / 2, h - BOTTOM + 11);
  }
}

function paintTrace({pen, w, perSecond, first, last, x}, {lead, top, bottom, y}) {
  const {codes} = lead;
  pen.save();
  pen.beginPath();                                 // not into the other lead
  pen.rect(0, leads.length > 1 ? top : 0, w, bottom - top + (leads.length > 1 ? 0 : TOP));
  pen.clip();
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
      const from = (view.start + px / perSecond) * fs, pair = extremes(lead, from, from + fs / perSecond);
      if (!pair) continue;
      pen.moveTo(px + 0.5, y(pair[0]) + 0.5);
      pen.lineTo(px + 0.5, y(pair[1]) - 0.5);
    }
  }
  pen.stroke();
  pen.restore();
  if (leads.length === 1) return;
  pen.font = "700 12px system-ui, sans-serif";
  pen.textAlign = "left";
  pen.strokeStyle = themed("--sheet");
  pen.lineWidth = 4;
  pen.strokeText(lead.name, 5, top + 12);
  pen.fillStyle = themed("--soft");
  pen.fillText(lead.name, 5, top + 12);
}

function paintBeats({pen, w, h, x}) {
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
    if (ends.tick[letter] === Math.round(at)) continue;
    ends.tick[letter] = Math.round(at);
    pen.fillStyle = color;
    pen.fillRect(at - 1, letter === "N" ? TOP - 6 : TOP - 10, 2, letter === "N" ? 5 : 9);
    if (at - 10 < ends.letter || !(room >= 24 || (roomForRare >= 24 && letter !== "N") || i === chosen)) continue;
    ends.letter = at + 11;
    paintLabel(pen, i, letter, at, color, room >= 22);
  }
}

function paintLabel(pen, i, letter, at, color, roomForPercent) {
  const sure = confidence[i] >= meta.unsure * 250 || corrections.has(i);
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
  if (roomForPercent && confidence[i] !== 255 && !corrections.has(i)) {
    pen.font = "10px system-ui, sans-serif";
    pen.fillStyle = themed("--soft");
    pen.fillText(Math.round(confidence[i] / 2.5), at, 33);
  }
}

function paintTimes({pen, w, h, perSecond, x}) {
  const step = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 21600, 43200].find(s => s * perSecond >= 70) ?? DAY;
  pen.font = "12px system-ui, sans-serif";
  pen.fillStyle = themed("--soft");
  everyStep(step, (t, k) => {
    const at = x(t);
    pen.textAlign = at < 30 ? "left" : at > w - 30 ? "right" : "center";
    pen.fillText(tick(k, step), at, h - 6);
  });
}

function tell(perSecond) {                         // what is shown, in words
  const end = view.start + view.span, since = byClock ? " (+" + elapsed(view.start, 1) + ")" : "";
  const speed = view.span < 600 ? " · " + (perSecond / PX).toFixed(perSecond / PX < 10 ? 1 : 0) + " mm/s" : "";
  $("span").textContent = view.span < 120 ? view.span.toFixed(view.span < 10 ? 1 : 0) + " s" : elapsed(view.span);
  $("gain").textContent = view.gain + " mm/mV";
  const middle = view.start + view.span / 2, here = meta.rhythm.find(([a, b]) => a <= middle && middle < b);
  const rhythm = here ? " · " + say(meta.rhythms[here[2]][1]) : "";
  $("status").textContent = clock(view.start, 1) + " – " + clock(end, 1) + since + speed + rhythm;
}

const still = document.createElement("canvas");       // the overview without the frame: painted again only when it changes
let stillOf = "";
function paintOverview() {
  const [pen, w, h] = prepare(overview), {whole} = leads[0], scale = (h - 16) / Math.max(whole[1] - whole[0], 1);
  const state = [overview.width, overview.height, corrections.size, [...corrections.values()].join(""), themed("--sheet")].join();
  if (stillOf !== state) {
    stillOf = state;
    pen.strokeStyle = themed("--soft");
    pen.beginPath();
    for (let px = 0; px < w; px++) {
      const pair = extremes(leads[0], px / w * length, (px + 1) / w * length);
      if (!pair) continue;
      pen.moveTo(px + 0.5, h - 2 - (pair[0] - whole[0]) * scale);
      pen.lineTo(px + 0.5, h - 3 - (pair[1] - whole[0]) * scale);
    }
    pen.stroke();
    for (const [a, b] of meta.unreadable) {
      pen.fillStyle = themed("--lost");
      pen.fillRect(a / meta.n * w, 0, Math.max((b - a) / meta.n * w, 1), h);
    }
    for (const [a, b, name] of meta.rhythm) {
      if (name === "N") continue;
      pen.fillStyle = meta.rhythms[name][2];
      pen.fillRect(a / duration * w, h - 6, Math.max((b - a) / duration * w, 1.5), 6);
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
