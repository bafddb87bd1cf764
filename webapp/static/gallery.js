// The comparison: overlay strength, boxes, and each method as soon as its map is there.
import { follow } from "./waiting.js";

const tiles = document.getElementById("tiles");

function prepare() {
  document.getElementById("tools").hidden = false;
  const opacity = document.getElementById("opacity");
  const boxes = document.getElementById("boxes");
  opacity.addEventListener("input", () => {
    tiles.style.setProperty("--strength", opacity.value / 100);
    document.getElementById("opacity-value").textContent = `${opacity.value} %`;
  });
  boxes.addEventListener("change", () => tiles.classList.toggle("no-boxes", !boxes.checked));
}

// Takes from the server's own page what has changed, and leaves the rest as it is: pictures do not
// flicker, and nobody loses the place where they are.
async function refresh() {
  const response = await fetch(location.pathname, { headers: { Accept: "text/html" } });
  if (!response.ok || response.redirected) return location.reload();
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  if (!page.getElementById("gallery")) return location.reload();
  for (const fresh of page.querySelectorAll(".tile")) {
    const old = document.getElementById(fresh.id);
    if (old.dataset.state !== fresh.dataset.state) old.replaceWith(fresh);
  }
  const bench = page.getElementById("progress"), shown = document.getElementById("progress");
  bench.querySelector("#tools").replaceWith(shown.querySelector("#tools"));
  shown.replaceWith(bench);
  document.getElementById("agreement").replaceWith(page.getElementById("agreement"));
}

prepare();
const gallery = document.getElementById("gallery");
if (gallery.dataset.done === "no") {
  follow(gallery.dataset.status, async (state) => {
    if (state.stage === "deleted" || state.stage === "logged-out") return location.reload();
    await refresh();
    document.getElementById("announce").textContent = `${state.finished} of ${state.of} methods are done.`;
  });
}
