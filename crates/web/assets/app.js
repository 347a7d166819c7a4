// Comfort only: every page works without it.
"use strict";
for (const button of document.querySelectorAll("[data-show]")) {
  const input = document.getElementById(button.dataset.show);
  const shown = button.textContent;
  button.hidden = false;
  button.addEventListener("click", () => {
    const show = input.type === "password";
    input.type = show ? "text" : "password";
    button.textContent = show ? button.dataset.hideText : shown;
    input.focus();
  });
}
for (const input of document.querySelectorAll("[data-password]")) {
  const hint = input.parentElement.querySelector("[data-typing]");
  const caps = input.form.querySelector("[data-caps]");
  let capsOn = false;
  const look = () => {
    const value = input.value;
    let text = "";
    if (capsOn) text = hint.dataset.capsText;
    else if (/[\uff01-\uff5e\u3000-\u30ff\u4e00-\u9fff]/.test(value)) text = hint.dataset.wideText;
    else if (value !== value.trim()) text = hint.dataset.spaceText;
    if (hint.textContent !== text) hint.textContent = text;
    if (caps) caps.value = capsOn ? "1" : "";
  };
  for (const kind of ["keydown", "keyup", "mousedown"]) {
    input.addEventListener(kind, (event) => {
      if (event.getModifierState) capsOn = event.getModifierState("CapsLock");
      look();
    });
  }
  input.addEventListener("input", look);
}
for (const button of document.querySelectorAll("[data-once]")) {
  let sent = 0;
  button.form.addEventListener("submit", (event) => {
    const now = Date.now();
    if (now - sent < 3000) event.preventDefault();
    sent = now;
  });
}
for (const line of document.querySelectorAll("[data-countdown]")) {
  let left = Number(line.dataset.countdown);
  const timer = setInterval(() => {
    left -= 1;
    if (left <= 0) {
      clearInterval(timer);
      line.textContent = "";
    } else line.textContent = line.dataset.text.replace("00", String(left));
  }, 1000);
}
const verdict = document.querySelector("[data-verdict]");
if (verdict) verdict.focus();
