// The data of the strip: one or two leads of the whole recording, and its beats, unpacked.

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
const MISSING = 255;
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
function levelsOf(codes) {
  const levels = [{size: 1, low: codes, high: codes}];
  while (levels.at(-1).low.length > 2000) {
    const {size, low, high} = levels.at(-1), [least, most] = coarser(low, high);
    levels.push({size: 8 * size, low: least, high: most});
  }
  return levels;
}

function extremes({levels}, from, to) {            // of samples from..to of a lead; null where all are missing
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

// a lead: name, step (mV), zero (its code), codes, levels, whole (lowest and highest code)
const leads = [];
for (const [k, known] of meta.signals.entries()) {
  const codes = summed(await unpack("signal" + k)), lead = {...known, codes, levels: levelsOf(codes)};
  lead.whole = extremes(lead, 0, codes.length) ?? [known.zero, known.zero];
  leads.push(lead);
}
const length = leads[0].codes.length;              // samples of each

const found = (list, value) => {                   // how many of an increasing list are below value
  let a = 0, b = list.length;
  while (a < b) { const m = (a + b) >> 1; if (list[m] < value) a = m + 1; else b = m; }
  return a;
};
