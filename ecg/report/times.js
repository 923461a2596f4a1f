// Times as people read them: how long something lasted, and when it was. ecg/clock.py does the same in Python.

const DAY = 86400;                                 // s

function parts(t, decimals) {                      // whole s, and ".5" with so many digits
  const unit = 10 ** decimals, ticks = Math.floor(t * unit + 1e-6);
  return [Math.floor(ticks / unit), decimals ? "." + String(ticks % unit).padStart(decimals, "0") : ""];
}
const two = number => String(number).padStart(2, "0");

function elapsed(t, decimals = 0) {                // 65.5 -> 1:05
  const [s, rest] = parts(t, decimals), h = Math.floor(s / 3600), m = Math.floor(s / 60) % 60;
  return (h ? h + ":" + two(m) : m) + ":" + two(s % 60) + rest;
}

// meta.clock: s of the day at the first sample, null where the file does not say; meta.date: of that day, or null
const byClock = meta.clock !== null, origin = meta.clock ?? 0;
const dayText = day => meta.date ? new Date(Date.parse(meta.date) + day * DAY * 1000).toISOString().slice(5, 10) : "+" + day + "d";

function clock(t, decimals = 0, days = meta.days) { // when t (s from the start) was: by the clock where it is known
  if (!byClock) return elapsed(t, decimals);
  const [s, rest] = parts(origin + t, decimals), day = Math.floor(s / DAY);
  const text = two(Math.floor(s / 3600) % 24) + ":" + two(Math.floor(s / 60) % 60) + ":" + two(s % 60) + rest;
  if (!days) return text;
  return meta.date ? dayText(day) + " " + text : day ? text + " " + dayText(day) : text;
}

function stamp(t) {                                // ISO text to the millisecond
  const text = new Date((meta.date ? Date.parse(meta.date) : 0) + Math.round(1000 * (origin + t))).toISOString().slice(0, -1);
  return meta.date ? text : text.slice(11);
}

// text of an axis at the k-th multiple of `step`: a day where one begins
const tick = (k, step) => byClock && k > 0 && k * step % DAY === 0 ? dayText(k * step / DAY) : clock(k * step - origin, 0, false);

function typed(text, after, duration) {            // s from the start that `text` means, NaN where it means none
  const [, plus, day, numbers] = /^(\+?)(?:(\d\d-\d\d)[ T])?([\d:.]+)$/.exec(text.trim()) ?? [];
  if (!numbers) return NaN;
  const fields = numbers.split(":").map(Number), sum = fields.reduce((total, field) => total * 60 + field, 0);
  if (fields.length > 3) return NaN;
  if (plus || !byClock) return sum;
  const seconds = (fields.length === 3 ? sum : fields.length === 2 ? 60 * sum : 3600 * sum) - origin;
  const times = [];                                // that time of each day
  for (let k = 0; seconds + k * DAY <= duration; k++) {
    if (seconds + k * DAY >= 0 && (!day || dayText(k) === day)) times.push(seconds + k * DAY);
  }
  return times.find(t => t > after) ?? times[0] ?? NaN;
}
