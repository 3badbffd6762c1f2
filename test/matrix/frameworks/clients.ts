// Clients of HTTP/1 and HTTP/2 whose requests can be dropped, and a load of requests that are answered.

import { once } from 'node:events';
import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2';
import { connect, type Socket } from 'node:net';

/** A request that was sent. */
export interface Sent {
  /** The status of the answer, when all of it has arrived. Of gRPC its own one. */
  status(): Promise<number>;
  /** The client gives it up: it hangs up, or resets the stream. */
  drop(): void;
}

/** A client of a server. */
export interface Client {
  send(path: string): Sent;
  /** Drops all that it has. */
  close(): void;
}

export class Http1Client implements Client {
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(port: number) {
    this.#port = port;
  }

  send(path: string): Sent {
    const sent = httpRequest({ host: '127.0.0.1', port: this.#port, path, agent: this.#agent });
    sent.on('error', () => {}); // status() says so
    sent.end();
    return { status: () => statusOf(sent), drop: () => sent.destroy() };
  }

  /** Sends requests on one connection, without waiting for answers. */
  pipeline(path: string, count: number): Socket {
    const socket = connect(this.#port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(`GET ${path} HTTP/1.1\r\nHost: host\r\n\r\n`.repeat(count));
    return socket;
  }

  /** Asks for an upgrade, and waits until the server has answered. */
  async upgrade(path: string): Promise<Socket> {
    const socket = connect(this.#port, '127.0.0.1');
    socket.on('error', () => {});
    const headers = 'Host: host\r\nConnection: Upgrade\r\nUpgrade: echo\r\n';
    socket.write(`GET ${path} HTTP/1.1\r\n${headers}\r\n`);
    const [answer] = await once(socket, 'data');
    if (!`${answer}`.startsWith('HTTP/1.1 101')) throw new Error(`no upgrade: ${answer}`);
    return socket;
  }

  close(): void {
    this.#agent.destroy();
  }
}

async function statusOf(sent: ClientRequest): Promise<number> {
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  await once(answer.resume(), 'end');
  return answer.statusCode!;
}

export class Http2Client implements Client {
  readonly #session: ClientHttp2Session;
  readonly #headers: Readonly<Record<string, string>>;

  /** @param headers of each request: none, or those of gRPC */
  constructor(port: number, headers: Readonly<Record<string, string>> = {}) {
    this.#session = connectHttp2(`http://127.0.0.1:${port}`);
    this.#session.on('error', () => {});
    this.#headers = headers;
  }

  send(path: string): Sent {
    const isGrpc = ':method' in this.#headers;
    const stream = this.#session.request(
      { ...this.#headers, ':path': path },
      { endStream: !isGrpc },
    );
    if (isGrpc) stream.end(Buffer.alloc(5)); // an empty message
    stream.on('error', () => {});
    let status = Number.NaN;
    const take = (headers: Record<string, unknown>) => {
      status = Number((isGrpc ? headers['grpc-status'] : headers[':status']) ?? status);
    };
    stream.on('response', take).on('trailers', take).resume();
    const closed = once(stream, 'close');
    closed.catch(() => {}); // status() says so
    return {
      status: () => closed.then(() => status),
      drop: () => stream.close(constants.NGHTTP2_CANCEL),
    };
  }

  close(): void {
    this.#session.destroy();
  }
}

/** A call of a method that takes one message. */
export const GRPC = {
  ':method': 'POST',
  'content-type': 'application/grpc',
  [constants.HTTP2_HEADER_TE]: 'trailers',
};

/** Requests that are answered, one after the other on each of some connections, until it is stopped. */
export class Load {
  count = 0;
  #isOver = false;
  readonly #running: Promise<void>[];

  constructor(client: Client, path: string, width = 8) {
    this.#running = Array.from({ length: width }, () => this.#run(client, path));
    for (const running of this.#running) running.catch(() => {}); // stop() says so
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#running);
  }

  async #run(client: Client, path: string): Promise<void> {
    while (!this.#isOver) {
      await client.send(path).status();
      this.count++;
    }
  }
}
