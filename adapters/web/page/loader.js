// Keeps what a view shows up to date: asks, shows, and asks again after a while; sooner where the answer was none, and
// when the page is seen again. What was asked last is what counts.

const AGAIN_FIRST_MS = 3e3;
const AGAIN_MOST_MS = 30e3;

export class Loader {
  // `ask(signal)` promises what is to be shown. `show(found, failure)`: one of them is null. Without `everyMs` it is
  // asked once, until there is an answer. What is the same as before is not shown again.
  constructor(ask, show, everyMs = null) {
    Object.assign(this, { ask, show, everyMs, failures: 0, timer: null, control: null, last: null });
    this.seen = () => this.#again();
  }

  // Forgets what is under way, and asks now.
  start() {
    this.stop();
    this.last = null;
    document.addEventListener("visibilitychange", this.seen);
    this.#look();
  }

  stop() {
    document.removeEventListener("visibilitychange", this.seen);
    clearTimeout(this.timer);
    this.timer = null;
    this.control?.abort();
    this.control = null;
  }

  async #look() {
    clearTimeout(this.timer);
    this.timer = null;
    const control = (this.control = new AbortController());
    let found = null;
    let failure = null;
    try {
      found = await this.ask(control.signal);
    } catch (error) {
      failure = error;
    }
    if (control.signal.aborted) return;
    const isNews = failure !== null || this.failures > 0 || JSON.stringify(found) !== this.last;
    this.failures = failure === null ? 0 : this.failures + 1;
    this.last = JSON.stringify(found);
    if (isNews) this.show(found, failure);
    const waitMs = failure === null ? this.everyMs : this.#patience(failure);
    if (waitMs !== null && this.control === control) this.timer = setTimeout(() => this.#again(), waitMs);
  }

  // A page that nobody sees asks nothing: its timer stays, as what is due when it is seen.
  #again() {
    if (!document.hidden && this.timer !== null) this.#look();
  }

  // What is refused may be granted one day, but not soon.
  #patience(failure) {
    if (failure.status >= 400 && failure.status < 500) return AGAIN_MOST_MS;
    return Math.max(
      failure.retryMs ?? 0,
      Math.min(AGAIN_MOST_MS, AGAIN_FIRST_MS * 2 ** Math.min(this.failures - 1, 5)),
    );
  }
}
