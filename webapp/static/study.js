// The study page: overlay strength, lead boxes, zoom, and the answer when it is ready. Which overlay
// is shown is the style sheet's work.
import { localise } from "./times.js";
import { follow } from "./waiting.js";

const ZOOMS = [100, 150, 200, 300, 400];

function prepare() {
  const sheet = document.getElementById("sheet");
  const stage = document.getElementById("stage");
  document.getElementById("tools").hidden = false;
  const opacity = document.getElementById("opacity");
  opacity?.addEventListener("input", () => {
    sheet.style.setProperty("--strength", opacity.value / 100);
    document.getElementById("opacity-value").textContent = `${opacity.value} %`;
  });
  const boxes = document.getElementById("boxes");
  boxes?.addEventListener("change", () => sheet.classList.toggle("no-boxes", !boxes.checked));

  let zoom = 0;
  const out = document.getElementById("zoom-out");
  const into = document.getElementById("zoom-in");
  const set = (step) => {
    const middle = [stage.scrollLeft + stage.clientWidth / 2, stage.scrollTop + stage.clientHeight / 2];
    const before = ZOOMS[zoom];
    zoom = Math.max(0, Math.min(ZOOMS.length - 1, zoom + step));
    const grown = ZOOMS[zoom] / before;
    sheet.style.width = `${ZOOMS[zoom]}%`;
    stage.scrollLeft = middle[0] * grown - stage.clientWidth / 2;
    stage.scrollTop = middle[1] * grown - stage.clientHeight / 2;
    document.getElementById("zoom-value").textContent = `${ZOOMS[zoom]} %`;
    // Not `disabled`, which would take the focus away from the keyboard.
    out.setAttribute("aria-disabled", zoom === 0);
    into.setAttribute("aria-disabled", zoom === ZOOMS.length - 1);
  };
  out.addEventListener("click", () => set(-1));
  into.addEventListener("click", () => set(1));
  set(0);
  stage.addEventListener("keydown", (event) => {
    if (event.key === "+" || event.key === "=") set(1);
    if (event.key === "-") set(-1);
  });
}

// Takes the new state of the study over from the server's own page.
async function refresh() {
  const response = await fetch(location.pathname, { headers: { Accept: "text/html" } });
  if (!response.ok || response.redirected) return location.reload();
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const old = document.getElementById("study"), fresh = page.getElementById("study");
  if (!fresh) return location.reload();
  keepWords(old, fresh);
  const hand = handIn(old);
  old.replaceWith(fresh);
  hand?.(fresh);
  document.title = page.title;
  localise(fresh);
  prepare();
}

// What was typed, chosen or opened in the meantime stays.
function keepWords(old, fresh) {
  fresh.querySelector("details.delete").open = old.querySelector("details.delete").open;
  const [words, choice] = [old.querySelector("#comment"), old.querySelector("[name=label]:checked")];
  if (words && fresh.querySelector("#comment")) fresh.querySelector("#comment").value = words.value;
  const same = choice && fresh.querySelector(`[name=label][value="${choice.value}"]`);
  if (same) same.checked = true;
}

// Where the person is at work, the cursor included: call what is returned with the new content.
function handIn(old) {
  const at = document.activeElement;
  const path = at.id ? `#${at.id}` : at.name && `[name="${at.name}"][value="${at.value}"]`;
  if (!old.contains(at) || !path) return null;
  const cursor = at.tagName === "TEXTAREA" ? [at.selectionStart, at.selectionEnd] : null;
  return (fresh) => {
    const same = fresh.querySelector(path);
    same?.focus({ preventScroll: true });
    if (cursor) same?.setSelectionRange(...cursor);
  };
}

const study = document.getElementById("study");
prepare();
if (study.dataset.done === "no") {
  let shown = study.dataset.stage, wasAway = false;
  follow(study.dataset.status, async (state) => {
    if (state.stage === "deleted" || state.stage === "logged-out") return location.reload();
    if (state.stage === shown && state.away === wasAway && !state.done) return;
    [shown, wasAway] = [state.stage, state.away];
    await refresh();
    const title = document.getElementById("answer-title").textContent;
    const words = state.stage === "explained" ? "The explanation is ready." : title;
    document.getElementById("announce").textContent = words;
  });
}
