// The explorers of the pages: sliders that choose among pictures drawn beforehand.
function wire(explorer) {
  const sliders = [...explorer.querySelectorAll("input[type=range]")];
  const states = [...explorer.querySelectorAll("figure")];
  const show = () => {
    let state = 0;
    for (const slider of sliders) {
      const texts = slider.dataset.texts.split("|");
      state = state * texts.length + Number(slider.value);
      slider.setAttribute("aria-valuetext", texts[slider.value]);
      slider.nextElementSibling.textContent = texts[slider.value];
    }
    states.forEach((figure, i) => { figure.hidden = i !== state; });
  };
  sliders.forEach((slider) => slider.addEventListener("input", show));
  show(); // the browser may remember where the sliders stood
}
document.addEventListener("DOMContentLoaded", () => document.querySelectorAll(".explorer").forEach(wire));
