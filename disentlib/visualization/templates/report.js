"use strict";
// A sprite sheet holds a latent's frames from left to right and the starting images from top to bottom.
const cards = [...document.querySelectorAll(".latent")].map((card) => ({
  slider: card.querySelector("input"),
  canvas: card.querySelector("canvas"),
  sheet: new Image(),
  output: card.querySelector("output"),
  button: card.querySelector(".play"),
  up: true,
}));
const bases = [...document.querySelectorAll("input[name=base]")];
const playAll = document.getElementById("play-all");
const chosen = () => Math.max(0, bases.findIndex((base) => base.checked));

function show(card) {
  const { slider, canvas, sheet, output } = card;
  const share = slider.value / slider.max;
  const value = Number(slider.dataset.low) * (1 - share) + Number(slider.dataset.high) * share;
  output.value = value.toFixed(2);
  slider.setAttribute("aria-valuetext", output.value);
  const { width, height } = canvas;
  canvas.getContext("2d").drawImage(
    sheet, slider.value * width, chosen() * height, width, height, 0, 0, width, height);
}

function reset() {
  for (const card of cards) {
    card.slider.value = card.slider.dataset.starts.split(" ")[chosen()];
    show(card);
  }
}

const plays = (button) => button.getAttribute("aria-pressed") === "true";

function press(button, on) {
  button.setAttribute("aria-pressed", String(on));
}

function settle() {
  const all = cards.length > 0 && cards.every((card) => plays(card.button));
  press(playAll, all);
  playAll.textContent = all ? "Pause all" : "Play all";
}

function step() {
  for (const card of cards.filter(({ button }) => plays(button))) {
    const position = Number(card.slider.value);
    if (position >= Number(card.slider.max)) card.up = false;
    if (position <= 0) card.up = true;
    card.slider.value = position + (card.up ? 1 : -1);
    show(card);
  }
}

if (playAll) {
  for (const card of cards) {
    card.sheet.onload = () => show(card);
    card.sheet.src = card.canvas.dataset.sheet;
    card.slider.addEventListener("input", () => show(card));
    card.button.addEventListener("click", () => {
      press(card.button, !plays(card.button));
      settle();
    });
  }
  bases.forEach((base) => base.addEventListener("change", reset));
  playAll.addEventListener("click", () => {
    const on = !plays(playAll);
    cards.forEach((card) => press(card.button, on));
    settle();
  });
  reset();
  setInterval(step, 80);
}
