// The view: which stretch of the recording is shown, at which gain.

const canvas = $("ecg"), overview = $("all");
const PX = 96 / 25.4;                              // CSS pixels a millimetre
const SPANS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400, 172800]
  .filter(s => s < duration).concat(duration);
const view = {start: 0, span: 10, gain: 10};       // s, s, mm/mV
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

