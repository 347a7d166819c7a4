// Comfort only: every page works without it.
"use strict";
const script = document.currentScript ? document.currentScript.src.split("/").pop() : "";
// What only the page can see. It is sent with the form, as coarse as this.
const seen = { js: script };
try {
  sessionStorage.setItem("kagiya", "1");
  sessionStorage.removeItem("kagiya");
  seen.st = "1";
} catch {
  seen.st = "0";
}
const workers = () =>
  navigator.serviceWorker && navigator.serviceWorker.getRegistrations
    ? navigator.serviceWorker.getRegistrations().catch(() => [])
    : Promise.resolve([]);
const looked = workers().then((found) => {
  if (found.length > 0) seen.sw = "1";
});
const fill = (form) => {
  const facts = form.querySelector("[data-facts]");
  if (facts) facts.value = new URLSearchParams({ ...seen, t: String(Date.now()) }).toString();
};
for (const form of document.querySelectorAll("[data-facts-form]")) {
  fill(form);
  form.addEventListener("submit", () => fill(form));
}
for (const form of document.querySelectorAll("form[data-run]")) {
  looked.then(() => {
    fill(form);
    form.submit();
  });
}
for (const form of document.querySelectorAll("form[data-repair]")) {
  let done = false;
  form.addEventListener("submit", (event) => {
    if (done) return;
    event.preventDefault();
    const old = typeof caches === "undefined" ? Promise.resolve([]) : caches.keys();
    const all = Promise.all([
      workers().then((found) => Promise.all(found.map((worker) => worker.unregister()))),
      old.then((names) => Promise.all(names.map((name) => caches.delete(name)))),
    ]);
    const go = () => {
      if (done) return;
      done = true;
      form.submit();
    };
    all.then(go, go);
    setTimeout(go, 2000);
  });
}
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", () => {
    navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value).then(() => {
      button.textContent = button.dataset.done;
    });
  });
}
// Signed in in another tab: this one goes on.
const waiting = document.querySelector("form[data-sign-in]");
const tabs = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("kagiya");
if (waiting) {
  const look = () => {
    if (document.hidden || document.querySelector("[data-signed-in]")) return;
    fetch("/api/v1/session", { credentials: "same-origin" }).then((answer) => {
      if (answer.ok) location.replace(waiting.dataset.signIn);
    }, () => {});
  };
  document.addEventListener("visibilitychange", look);
  window.addEventListener("focus", look);
  window.addEventListener("pageshow", (event) => event.persisted && look());
  if (tabs) tabs.onmessage = look;
} else if (tabs && document.querySelector("[data-in]")) tabs.postMessage("in");
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
  let capsOn = false;
  const look = () => {
    const value = input.value;
    let text = "";
    if (capsOn) text = hint.dataset.capsText;
    else if (/^\s*[「『【（“"'(<[].*[」』】）”"')>\]]\s*$|^\s*(パスワード|password|pass|pw)\s*[:：=]/i.test(value)) text = hint.dataset.pastedText;
    else if (/[\uff01-\uff9f\u3000-\u30ff\u4e00-\u9fff]/.test(value)) text = hint.dataset.wideText;
    else if (/[\u2013-\u2015\u2018-\u201f\u2026]/.test(value)) text = hint.dataset.marksText;
    else if (value !== value.trim()) text = hint.dataset.spaceText;
    if (hint.textContent !== text) hint.textContent = text;
    seen.caps = capsOn ? "1" : "";
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
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
