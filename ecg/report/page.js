// What all of the page shares: its data, its words. page.py joins this and the other .js files, in one function.

const $ = id => document.getElementById(id);
const meta = JSON.parse($("meta").textContent);

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
