// Serves the broker's protocol from JavaScript with the answers that a test chooses, including invalid ones.

import { createServer, type Server, type Socket } from 'node:net';
import { BROKER_VERSION } from '@schedhint/native';
import { ANSWER_BYTES, Kind, MAGIC, REQUEST_BYTES } from './messages.js';

export interface Request {
  readonly kind: number;
  readonly id: bigint;
  /** Of MEMORY. */
  readonly number?: number;
}

/**
 * A broker that misbehaves as the real one does not. It gets no descriptors and asks no kernel: it
 * says what the test asks for.
 */
export class PlayedBroker {
  /** Of all connections, in the order of their arrival. */
  readonly requests: Request[] = [];
  connections = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(onRequest: (request: Request, socket: Socket) => void) {
    this.#server = createServer((socket) => {
      this.connections++;
      this.#sockets.add(socket.on('error', () => {}));
      let bytes = Buffer.alloc(0);
      socket.on('data', (chunk) => {
        bytes = Buffer.concat([bytes, chunk]);
        for (; bytes.length >= REQUEST_BYTES; bytes = bytes.subarray(REQUEST_BYTES)) {
          const request = {
            kind: bytes.readUInt16LE(6),
            id: bytes.readBigUInt64LE(8),
            number: bytes.readUInt32LE(16),
          };
          this.requests.push(request);
          onRequest(request, socket);
        }
      });
    });
  }

  static async listen(
    path: string,
    onRequest: (request: Request, socket: Socket) => void,
  ): Promise<PlayedBroker> {
    const broker = new PlayedBroker(onRequest);
    await new Promise<void>((listening) => broker.#server.listen(path, listening));
    return broker;
  }

  count(kind: number): number {
    return this.requests.filter((request) => request.kind === kind).length;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((closed) => this.#server.close(closed));
  }
}

/** An answer's bytes, as schedhint_broker.h has them. */
export function answer(
  { kind, id }: Request,
  fields: {
    reason?: number;
    step?: number;
    errno?: number;
    mapId?: number;
    magic?: number;
    version?: number;
    found?: number;
  } = {},
): Buffer {
  const bytes = Buffer.alloc(ANSWER_BYTES);
  bytes.writeUInt32LE(fields.magic ?? MAGIC, 0);
  bytes.writeUInt16LE(fields.version ?? BROKER_VERSION, 4);
  bytes.writeUInt16LE(kind, 6);
  bytes.writeBigUInt64LE(id, 8);
  bytes.writeUInt32LE(fields.reason ?? 0, 16);
  bytes.writeUInt32LE(fields.step ?? 0, 20);
  bytes.writeInt32LE(fields.errno ?? 0, 24);
  bytes.writeUInt32LE(fields.found ?? 0, 32);
  bytes.writeUInt32LE(kind === Kind.open ? (fields.mapId ?? 7) : 0, 36);
  return bytes;
}
