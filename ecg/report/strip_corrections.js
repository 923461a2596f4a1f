// Labels that a person corrects, kept in this browser, and the corrected annotation as a file.

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
  {sample: sample[i], time_s: timeOf(i), label: now(i), was: letters[label[i]], confidence: confidence[i] === 255 ? null : confidence[i] / 250,
   ...(byClock ? {clock: stamp(timeOf(i))} : {})}));
const removed = () => [...corrections].filter(([, letter]) => letter === "-").map(([i]) => sample[i]).sort((a, b) => a - b);

function save(suffix, content, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], {type}));
  link.download = meta.name.replace(/[^\w.-]+/g, "_") + "." + suffix;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
$("cor").onclick = () => save("cor", annotation(), "application/octet-stream");
$("csv").onclick = () => save("cor.csv", "sample,time_s,label,was,confidence" + (byClock ? ",clock" : "") + "\n" + rows().map(r =>
  [r.sample, r.time_s.toFixed(4), r.label, r.was, r.confidence ?? "", ...(byClock ? [r.clock] : [])].join(",")).join("\n") + "\n", "text/csv");
$("json").onclick = () => save("cor.json", JSON.stringify(
  {recording: meta.name, lead: meta.lead, fs: meta.fs, model: meta.model, removed: removed(), beats: rows()}), "application/json");
