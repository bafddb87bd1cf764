// How far a study is, in the words of the list of uploads.
const NAMES = {
  normal: "Normal",
  myocardial_infarction: "Myocardial infarction",
  history_of_mi: "History of myocardial infarction",
  abnormal_heartbeat: "Abnormal heartbeat",
};

export function said(state) {
  if (state.stage === "deleted") return "Deleted";
  if (state.stage === "logged-out") return "Your session has ended; the page is kept.";
  if (state.stage === "failed") return state.error;
  if (state.stage === "waiting") {
    return state.away
      ? "The model server is away. The page is kept and will be answered by itself."
      : "Reading the page";
  }
  if (state.decision === "refuse") return "Not an ECG page";
  const share = state.confidence > 0.99 ? ">99" : Math.round(100 * state.confidence);
  const sure = `${NAMES[state.label]}, ${share}\u202f%`;
  const refer = state.decision === "refer" ? ", refer to a cardiologist" : "";
  return sure + refer + (state.done ? "" : " · explaining");
}
