// Going places: by kind of beat, by time, by key, finger and mouse; and the beginning.

const KINDS = {
  ectopic: [say("V, S or F"), i => "VSF".includes(now(i))],
  ...Object.fromEntries(meta.classes.map(c => [c, [c, i => now(i) === c]])),
  unsure: [say("uncertain"), i => now(i) !== "-" && !corrections.has(i) && confidence[i] < meta.unsure * 250],
  unlabelled: [say("not classified"), i => now(i) === "?"],
  corrected: [say("corrected"), i => corrections.has(i)],
  any: [say("any beat"), () => true],
};
for (const [kind, [name]] of Object.entries(KINDS)) $("kind").add(new Option(name, kind));
const MOMENTS = {pause: [say("pause"), meta.pauses.map(([t]) => t)], rhythm: [say("change of rhythm"), meta.rhythm.slice(1).map(([t]) => t)]};
for (const [kind, [name, times]] of Object.entries(MOMENTS)) if (times.length) $("kind").add(new Option(name, kind));

function jump(direction) {
  const here = chosenShown() ? timeOf(chosen) : direction > 0 ? view.start - 1e-6 : view.start + view.span;
  if ($("kind").value in MOMENTS) {
    const [, starts] = MOMENTS[$("kind").value], middle = view.start + view.span / 2;
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
  const t = typed($("time").value, view.start + view.span / 2 + 0.5, duration);
  if (t >= 0 && t <= duration) lookAt(t);
  else if (!byClock) $("status").textContent = say("Give a time between 0:00 and {end}, such as 1:05 or 12:30:00.", {end: elapsed(duration)});
  else $("status").textContent = say("Give a time of the clock between {start} and {end}, such as 22:05 or 22:05:30, or the time since the start, such as +1:05.", {start: clock(0), end: clock(duration)});
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
const reach = Math.max(...leads.map(lead => {        // mV of the first minute
  const [low, high] = extremes(lead, 0, Math.min(length, Math.ceil(60 * fs))) ?? lead.whole;
  return (high - low) * lead.step;
}));
view.gain = GAINS.findLast(gain => gain <= 10 && reach * gain * PX < (height() - TOP - BOTTOM) / leads.length) ?? GAINS[0];
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
new ResizeObserver(draw).observe(canvas);
// what scrolls sideways can be reached by key, and says what it is
const scrolls = new ResizeObserver(boxes => {
  for (const {target} of boxes) {
    const named = {tabindex: 0, role: "group", "aria-label": target.dataset.label};
    for (const [name, value] of Object.entries(named)) {
      if (target.scrollWidth > target.clientWidth + 1) target.setAttribute(name, value);
      else target.removeAttribute(name);
    }
  }
});
for (const box of document.querySelectorAll(".wide[data-label]")) scrolls.observe(box);
refresh();
requestAnimationFrame(() => requestAnimationFrame(() => {
  document.documentElement.dataset.ready = performance.now().toFixed(0);       // ms since navigation
}));
