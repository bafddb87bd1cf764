// Asks how far a study is, often at first and then less so, until nothing will change any more.
const FIRST = 150, LONGEST = 3000; // milliseconds between two questions
const MANY = 8; // studies that may be asked about so often; with more, each is asked more seldom
let followed = 0;

export async function follow(url, onChange) {
  followed++;
  try {
    await ask(url, onChange);
  } finally {
    followed--;
  }
}

async function ask(url, onChange) {
  let pause = FIRST, stage = "";
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(pause * 1.25, LONGEST * Math.max(1, followed / MANY));
    let state;
    try {
      const response = await fetch(url, { headers: { Accept: "application/json" } });
      if (response.status === 404) return onChange({ stage: "deleted", done: true });
      if (response.status === 401) return onChange({ stage: "logged-out", done: true });
      if (!response.ok) continue;
      state = await response.json();
    } catch {
      continue; // no connection: the next question may get through
    }
    const now = `${state.stage} ${state.away} ${state.done}`;
    if (now !== stage) {
      stage = now;
      onChange(state);
    }
    if (state.done) return;
  }
}
