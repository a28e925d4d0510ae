// The widget manager asks MathJax 2's queue to typeset its labels; MathJax 3 has none, and the labels hold no formulas.
const withoutQueue = { Queue: () => {} };
window.MathJax = Object.assign(window.MathJax || {}, {
  Hub: withoutQueue,
  startup: { ready: () => { MathJax.startup.defaultReady(); MathJax.Hub = withoutQueue; } },
});
