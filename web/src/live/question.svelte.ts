/** A question to a model: one at a time, of which only the last counts. */
export class Question<Answer> {
  #answer = $state.raw<Answer>();
  #error = $state.raw<unknown>();
  #asking = $state.raw<AbortController>();

  /** The last answer; missing after a failure. */
  get answer(): Answer | undefined {
    return this.#answer;
  }

  get error(): unknown {
    return this.#error;
  }

  get isAsking(): boolean {
    return this.#asking !== undefined;
  }

  /** Asks, and gives up what was asked before. */
  async ask(request: (signal: AbortSignal) => Promise<Answer>): Promise<void> {
    this.#asking?.abort();
    const controller = new AbortController();
    this.#asking = controller;
    try {
      this.#answer = await request(controller.signal);
      this.#error = undefined;
    } catch (failure) {
      if (controller.signal.aborted) return;
      this.#error = failure;
      this.#answer = undefined;
    } finally {
      if (this.#asking === controller) this.#asking = undefined;
    }
  }
}
