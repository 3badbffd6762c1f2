// Sends an HTTP request whose body stays incomplete, so that it is in flight until the test completes or drops it.

import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';

/** A request that a server has begun to serve, and that does not end before the test says so. */
export class HeldRequest {
  readonly #request: ClientRequest;

  private constructor(request: ClientRequest) {
    this.#request = request;
  }

  /** Its headers are sent, and the first bytes of its body. */
  static begin(port: number, path: string, headers: Record<string, string> = {}): HeldRequest {
    const options = { port, host: '127.0.0.1', path, method: 'POST', agent: false, headers };
    const held = request(options);
    held.on('error', () => {}); // answer() and drop() tell
    held.write('{ ');
    return new HeldRequest(held);
  }

  /** Sends the rest and returns the answer. */
  async answer(): Promise<string> {
    const response = once(this.#request, 'response') as Promise<[IncomingMessage]>;
    this.#request.end('}');
    const [answer] = await response;
    return text(answer);
  }

  /** Hangs up in the middle. */
  drop(): void {
    this.#request.destroy();
  }
}
