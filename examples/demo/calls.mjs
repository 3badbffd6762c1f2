// Questions and answers over anything that carries messages: the app's IPC channel, a worker's port.

export class Calls {
  #post;
  #handlers;
  /** @type {Map<number, { resolve: (answer: any) => void, reject: (error: Error) => void }>} */
  #open = new Map();
  #last = 0;

  /**
   * @param {(message: object) => void} post sends a message to the other side
   * @param {Record<string, (argument: any) => any>} handlers what the other side may ask, by name;
   *   they may be async
   */
  constructor(post, handlers = {}) {
    this.#post = post;
    this.#handlers = handlers;
  }

  /**
   * @param {string} name
   * @param {unknown} [argument]
   * @returns {Promise<any>} the answer; rejects when {@link close} comes first
   */
  ask(name, argument) {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve, reject });
      this.#post({ id, name, argument });
    });
  }

  /** Says something that needs no answer. @param {string} name @param {unknown} argument */
  tell(name, argument) {
    this.#post({ name, argument });
  }

  /** A message from the other side. */
  async receive({ id, name, argument, answer }) {
    if (name === undefined) {
      this.#open.get(id)?.resolve(answer);
      this.#open.delete(id);
      return;
    }
    const result = await this.#handlers[name](argument);
    if (id !== undefined) this.#post({ id, answer: result });
  }

  /** No answers will come any more. @param {Error} why */
  close(why) {
    for (const { reject } of this.#open.values()) reject(why);
    this.#open.clear();
  }
}
