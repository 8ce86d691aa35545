import { connect, createServer, type Socket } from 'node:net';

export interface FaultyNetwork {
  /** Of the broker, through here. */
  url: string;
  /** Does what a broker that is short of memory or disk does: it notifies its publishers, and reads no more from them. */
  block(reason: string): void;
  unblock(): void;
  /** Forwards nothing any more, and breaks no connection. */
  silence(): void;
  speak(): void;
  close(): Promise<void>;
}

const END_OF_FRAME = 0xce;

/** A method of class `connection`, on channel 0. */
function methodFrame(method: number, args: Buffer): Buffer {
  const payload = Buffer.alloc(4 + args.length);
  payload.writeUInt16BE(10, 0);
  payload.writeUInt16BE(method, 2);
  args.copy(payload, 4);
  const head = Buffer.alloc(7);
  head.writeUInt8(1, 0);
  head.writeUInt32BE(payload.length, 3);
  return Buffer.concat([head, payload, Buffer.from([END_OF_FRAME])]);
}

const blockedFrame = (reason: string) =>
  methodFrame(60, Buffer.concat([Buffer.from([reason.length]), Buffer.from(reason)]));
const unblockedFrame = () => methodFrame(61, Buffer.alloc(0));

/** A proxy between a bus and its broker. Use it on idle connections only: it inserts frames between others. */
export async function createFaultyNetwork(target: string): Promise<FaultyNetwork> {
  const { hostname, port } = new URL(target);
  const pairs = new Set<{ client: Socket; upstream: Socket }>();
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    const pair = { client, upstream };
    pairs.add(pair);
    client.on('error', () => undefined).on('data', (data) => upstream.write(data));
    upstream.on('error', () => undefined).on('data', (data) => client.write(data));
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => {
      pairs.delete(pair);
      client.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String(address.port);
  const each = (act: (pair: { client: Socket; upstream: Socket }) => void) => {
    for (const pair of pairs) act(pair);
  };
  return {
    url: url.href,
    block: (reason) =>
      each(({ client }) => {
        client.pause();
        client.write(blockedFrame(reason));
      }),
    unblock: () =>
      each(({ client }) => {
        client.resume();
        client.write(unblockedFrame());
      }),
    silence: () =>
      each(({ client, upstream }) => {
        client.pause();
        upstream.pause();
      }),
    speak: () =>
      each(({ client, upstream }) => {
        client.resume();
        upstream.resume();
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        each(({ client, upstream }) => {
          client.destroy();
          upstream.destroy();
        });
      }),
  };
}
