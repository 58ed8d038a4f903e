// Questions for learners: who can take the next step?

import { element } from "./view.mjs";

export class Quiz {
  // `threads` are names, `reason` says of a thread why it cannot go on, `goOn` takes the step, `told` hears whether a
  // question is open.
  constructor(box, threads, reason, goOn, told) {
    this.box = box;
    this.threads = threads;
    this.reason = reason;
    this.goOn = goOn;
    this.told = told;
    this.open = false;
    this.asked = 0;
    this.right = 0;
  }

  // Ask about the moment before a step: `live` are the threads that have not ended, `enabled` those that can go on.
  ask(live, enabled, next) {
    const buttons = live.map((thread) => {
      const button = element("button", this.threads[thread]);
      button.type = "button";
      button.addEventListener("click", () => this.answer(thread, enabled, next));
      return button;
    });
    const choices = element("div");
    choices.append(...buttons);
    choices.setAttribute("role", "group");
    choices.setAttribute("aria-label", "Threads");
    this.said = element("p");
    this.said.setAttribute("role", "status");
    this.turn(true);
    this.answered = false;
    this.box.replaceChildren(element("p", "Who can run next?"), choices, this.said);
  }

  answer(thread, enabled, next) {
    const can = enabled.includes(thread);
    if (!this.answered) {
      this.asked += 1;
      this.right += can ? 1 : 0;
    }
    this.answered = true;
    this.turn(false);
    const name = this.threads[thread];
    const verdict = can ? `Yes, ${name} can. ` : `No: ${this.reason(thread)}. `;
    const all = enabled.map((one) => this.threads[one]).join(", ");
    this.said.textContent = `${verdict}Those who can: ${all}. In this run ${this.threads[next]} goes on. (${this.right} of ${this.asked} right)`;
    if (!this.box.querySelector(".on")) {
      const on = element("button", "Go on");
      on.type = "button";
      on.className = "on";
      on.addEventListener("click", () => this.goOn());
      this.box.append(on);
    }
  }

  turn(open) {
    this.open = open;
    this.told(open);
  }

  // Say that there is nothing more to ask.
  end() {
    this.turn(false);
    this.box.replaceChildren(element("p", `This is the end: ${this.right} of ${this.asked} right.`));
  }
}
