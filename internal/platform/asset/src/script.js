// Small help for pages that all work without it. Nothing here sends what someone typed.

const each = (selector, deed) => document.querySelectorAll(selector).forEach(deed);

// A second press does not send a form twice. The button keeps its place for the keyboard.
const free = (form) => {
  delete form.dataset.sent;
  form.querySelectorAll("[aria-disabled]").forEach((b) => b.removeAttribute("aria-disabled"));
};
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) return event.preventDefault();
  if (event.defaultPrevented) return;
  form.dataset.sent = "1";
  event.submitter?.setAttribute("aria-disabled", "true");
  setTimeout(free, 8000, form); // a download leaves the page where it is
});
addEventListener("pageshow", () => each("form[data-sent]", free));

// <textarea maxlength="500" data-count="Characters left: {n}">
each("textarea[maxlength][data-count]", (area) => {
  const line = document.createElement("p");
  line.className = "count";
  area.after(line);
  const show = () => {
    const left = area.maxLength - area.value.length;
    line.textContent = area.dataset.count.replace("{n}", left);
    line.classList.toggle("over", left < 1);
    // speaks up only near the end, or every key would be read out
    line.setAttribute("aria-live", left < 30 ? "polite" : "off");
  };
  area.addEventListener("input", show);
  show();
});

// <button type="button" data-copy="https://…" data-done="Link copied" hidden>
each("button[data-copy]", (button) => {
  if (!navigator.clipboard) return;
  button.hidden = false;
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = button.dataset.done;
    } catch {
      button.hidden = true;
    }
  });
});

// <span data-live="/…">12,408</span>: the same number, half a minute younger; data-line="1" takes the second line
const live = () =>
  document.visibilityState === "visible" &&
  new Set([...document.querySelectorAll("[data-live]")].map((e) => e.dataset.live)).forEach(async (address) => {
    try {
      const reply = await fetch(address, { credentials: "omit", headers: { Accept: "text/plain" } });
      const lines = (await reply.text()).trim().split("\n");
      if (!reply.ok) return;
      each("[data-live]", (e) => {
        const text = lines[e.dataset.line ?? 0];
        if (e.dataset.live === address && text && text.length <= 80 && e.textContent !== text) e.textContent = text;
      });
    } catch {
      // no network: the number stays as it was
    }
  });
if (document.querySelector("[data-live]")) setInterval(live, 30000);
