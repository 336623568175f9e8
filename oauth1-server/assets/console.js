"use strict";
// Comfort only: every page works without this file.

const each = (selector, act) => document.querySelectorAll(selector).forEach(act);
const byId = (id) => document.getElementById(id);

// Times in the reader's zone, with UTC beside.
const localTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
each("time[datetime]", (time) => {
  const at = new Date(time.dateTime);
  if (Number.isNaN(at.getTime()) || at.getTimezoneOffset() === 0) return;
  const utc = time.textContent;
  time.textContent = localTime.format(at);
  time.title = utc;
  const beside = document.createElement("small");
  beside.textContent = ` (${utc})`;
  time.append(beside);
});

// Copying. The guard of the one-time card hears of it.
let stored = false;
const say = (text) => { const line = byId("copied"); if (line) line.textContent = text; };
each("[data-script]", (part) => { part.hidden = false; });
each("[data-copy]", (button) => {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text = byId(button.dataset.copy).textContent;
    try {
      await navigator.clipboard.writeText(text);
      stored = true;
      button.classList.add("copied");
      setTimeout(() => button.classList.remove("copied"), 2000);
      say(`${button.textContent.trim().replace(/^Copy/, "Copied")}.`);
    } catch {
      getSelection().selectAllChildren(byId(button.dataset.copy));
      say("The browser does not permit copying; the text is selected, press Ctrl+C.");
    }
  });
});
each("[data-download]", (button) => {
  button.addEventListener("click", () => {
    const text = byId(button.dataset.download).textContent;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
    link.download = button.dataset.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    stored = true;
    say("Downloaded.");
  });
});

// The one-time card is not left by accident.
each("[data-guard]", (form) => {
  const ticked = form.querySelector("input[type=checkbox]");
  form.addEventListener("submit", () => { stored = true; });
  addEventListener("beforeunload", (event) => {
    if (!stored && !ticked.checked) event.preventDefault();
  });
});

// A name without spaces, made of the one with, until somebody types one.
each("[data-slug]", (source) => {
  const target = byId(source.dataset.slug);
  let own = target.value !== "";
  target.addEventListener("input", () => { own = target.value !== ""; });
  source.addEventListener("input", () => {
    if (own) return;
    target.value = source.value.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 63);
  });
});

// A slider beside a number.
each("[data-mirror]", (slider) => {
  const number = byId(slider.dataset.mirror);
  slider.hidden = false;
  slider.value = number.value;
  slider.addEventListener("input", () => { number.value = slider.value; });
  number.addEventListener("input", () => { slider.value = number.value; });
});

// The whole row opens what it shows; controls in it do what they say.
each("tr[data-href]", (row) => {
  row.classList.add("opens");
  row.addEventListener("click", (event) => {
    if (event.target.closest("a, button, input, label, select") || String(getSelection())) return;
    location.href = row.dataset.href;
  });
});

// Choices that need no button to be seen.
each("form[role=search] select", (select) => {
  select.addEventListener("change", () => select.form.requestSubmit());
});

// Where one is stays in sight where menus scroll sideways.
each("nav [aria-current=page]", (link) => {
  const row = link.closest("nav");
  if (row.scrollWidth > row.clientWidth) row.scrollLeft = link.offsetLeft - row.clientWidth / 3;
});

// How long until then.
const words = (seconds) => {
  const parts = [[86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]];
  const from = parts.findIndex(([size]) => seconds >= size);
  if (from < 0) return "0 seconds";
  let rest = seconds;
  return parts.slice(from, from + 2).map(([size, unit]) => {
    const count = Math.floor(rest / size);
    rest %= size;
    return count === 0 ? "" : `${count} ${unit}${count === 1 ? "" : "s"}`;
  }).filter(Boolean).join(" ");
};
each("[data-until]", (part) => {
  const until = Number(part.dataset.until);
  const tick = () => {
    const left = Math.max(0, Math.floor((until - Date.now()) / 1000));
    part.textContent = words(left);
    if (left === 0) clearInterval(timer);
  };
  const timer = setInterval(tick, 1000);
  tick();
});

// A revealed secret goes away by itself.
each("[data-hide-after]", (part) => {
  setTimeout(() => location.replace(part.dataset.back), Number(part.dataset.hideAfter) * 1000);
});

// "Test it now": waits for the first request.
each("[data-watch]", (part) => {
  const line = part.querySelector("[role=status]");
  line.textContent = "Waiting for the first request…";
  part.classList.add("waiting");
  let seen = "";
  const ask = async () => {
    try {
      const answer = await fetch(part.dataset.watch, { headers: { Accept: "application/json" } });
      if (answer.status >= 400 && answer.status < 500) { line.textContent = "You are signed out."; return; }
      const found = await answer.json();
      if (found.used) {
        part.classList.remove("waiting", "bad");
        part.classList.add("good");
        line.textContent = `It works: the first request came from ${found.address}.`;
        return;
      }
      if (found.refused && found.refused !== seen) {
        seen = found.refused;
        part.classList.add("bad");
        line.textContent = `A request was refused: ${found.refused} ${found.fix}`;
      }
    } catch { /* The next time, maybe. */ }
    setTimeout(ask, 1500);
  };
  ask();
});

// The account menu closes when one goes on.
addEventListener("click", (event) => each("details.account[open]", (menu) => {
  if (!menu.contains(event.target)) menu.open = false;
}));
addEventListener("keydown", (event) => {
  if (event.key === "Escape") each("details.account[open]", (menu) => { menu.open = false; menu.querySelector("summary").focus(); });
});
