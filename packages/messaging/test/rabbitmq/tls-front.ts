import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { promisify } from 'node:util';

const run = promisify(execFile);
const KEY_TYPE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
const FOR_LOCALHOST = ['-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];

async function selfSigned(): Promise<{ key: string; cert: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'lazyphotos-test-'));
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    await run('openssl', ['req', '-x509', ...KEY_TYPE, ...FOR_LOCALHOST, '-keyout', key, '-out', cert]);
    return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') };
  } finally {
    await rm(folder, { recursive: true });
  }
}

export interface TlsFront {
  url: string;
  /** For `localhost`; it is not trusted yet. */
  cert: string;
  close(): Promise<void>;
}

/** A TLS proxy in front of a broker. */
export async function createTlsFront(target: string): Promise<TlsFront> {
  const { hostname, port } = new URL(target);
  const certificate = await selfSigned();
  const open = new Set<Socket>();
  const server = createServer(certificate, (client) => {
    const upstream = connect(Number(port), hostname);
    open.add(client);
    client.on('error', () => undefined);
    client.on('close', () => {
      open.delete(client);
      upstream.destroy();
    });
    upstream.on('error', () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const url = new URL(target);
  return {
    url: `amqps://${url.username}:${url.password}@localhost:${address.port}`,
    cert: certificate.cert,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}
