import { connect, type Socket } from 'node:net';

export interface RawReply {
  status: number;
  head: string;
  body: string;
  /** Everything that came before the connection ended. */
  text: string;
}

export const parseReply = (text: string): RawReply => {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  return { status: Number(head.split(' ')[1] ?? 0), head, body: rest.join('\r\n\r\n'), text };
};

export async function openSocket(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' });
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return socket;
}

/** Sends exactly these bytes and reads until the other side closes; they should ask for `Connection: close`. */
export async function sendRaw(port: number, bytes: string): Promise<RawReply> {
  const socket = await openSocket(port);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => undefined);
  socket.write(bytes);
  await closed;
  return parseReply(text);
}
