import { buffer } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@lazyphotos/testkit';
import { sendRaw } from './raw.js';
import { createReplicas, type Replica, type Replicas, startWay, type Way } from './replicas.js';

/** Linux accepts connections on all of 127.0.0.0/8. Other systems have no two local addresses for two replicas. */
const describeOnLinux = process.platform === 'linux' ? describe : describe.skip;

const A = '127.0.0.2';
const B = '127.0.0.3';
const unavailable = { status: 503, body: { code: 'service_unavailable' } };

let replicas: Replicas;
let way: Way;
const start = async (addresses: string[], tuning = {}): Promise<Replica[]> => {
  replicas = createReplicas();
  const started: Replica[] = [];
  for (const address of addresses) started.push(await replicas.start(address));
  way = await startWay(replicas, tuning);
  return started;
};
afterEach(async () => {
  await way.close();
  await replicas.stop();
});

/** Who answered so many requests, made one after the other. */
const whoAnswers = async (times: number): Promise<Set<string>> => {
  const responses = new Set<string>();
  for (let count = 0; count < times; count += 1) responses.add((await way.call('/albums')).text);
  return responses;
};

/** Makes so many requests that each needs a connection of its own, since none is answered before all have come. */
async function openConnections(to: Replica[], count: number): Promise<void> {
  const arrived = () => to.flatMap(({ seen }) => seen).length;
  for (const replica of to)
    replica.handle = async (_req, res) => {
      await eventually(() => expect(arrived()).toBe(count));
      res.end();
    };
  await Promise.all(Array.from({ length: count }, () => way.call('/open')));
  for (const replica of to) {
    // One in 2^19 runs would see one replica only.
    expect(replica.seen.length).toBeGreaterThan(0);
    replica.handle = undefined;
    replica.seen.length = 0;
  }
}

describeOnLinux('a service of several replicas', () => {
  it('is used in all of them', async () => {
    await start([A, B], { maxAgeMs: 0 });
    expect(await whoAnswers(50)).toEqual(new Set([A, B]));
  });

  it('is used over a few connections, which are kept', async () => {
    const [a] = await start([A]);
    const sockets = new Set<unknown>();
    if (a)
      a.handle = (req, res) => {
        sockets.add(req.socket);
        res.end();
      };
    await whoAnswers(20);
    expect(sockets.size).toBe(1);
  });

  it('continues for reads when one replica is gone, with its connections still open', async () => {
    const [a, b] = (await start([A, B])) as [Replica, Replica];
    await openConnections([a, b], 20);
    await a.server.close(0);
    const replies = await Promise.all(Array.from({ length: 40 }, () => way.call('/albums')));
    expect(replies.map(({ status, text }) => `${status} ${text}`)).toEqual(
      Array.from({ length: 40 }, () => `200 ${B}`),
    );
  });

  it('takes an upload to another replica when the first cannot be connected to', async () => {
    const [a] = (await start([A, B])) as [Replica, Replica];
    await a.server.close(0);
    for (let count = 0; count < 10; count += 1) {
      const reply = await way.call('/chunks', { method: 'PUT', body: new Uint8Array(2_000_000) });
      expect(reply).toMatchObject({ status: 200, text: B });
    }
  });

  it('is not used any more when a replica stops: no upload is sent on a connection that is being closed', async () => {
    const [a] = (await start([A])) as [Replica];
    const put = () => way.call('/chunks', { method: 'PUT', body: new Uint8Array(1000) });
    await openConnections([a], 3);
    await replicas.start(B);
    a.server.drain();
    replicas.forget(a);
    // As many as had a connection to it, all at once: each is served, and is the last on its connection.
    const last = await Promise.all([put(), put(), put()]);
    expect(last.map(({ status }) => status)).toEqual([200, 200, 200]);
    const before = a.seen.length;
    await a.server.close();
    expect(await Promise.all([put(), put(), put()])).toMatchObject([{ text: B }, { text: B }, { text: B }]);
    expect(a.seen).toHaveLength(before);
  });

  it('gives work to a replica that comes later', async () => {
    await start([A], { maxAgeMs: 100 });
    expect(await whoAnswers(5)).toEqual(new Set([A]));
    await replicas.start(B);
    await eventually(async () => expect(await whoAnswers(1)).toEqual(new Set([B])), { intervalMs: 20 });
  });

  it('takes a body that was received as a whole over a connection that is to be replaced', async () => {
    const [a] = (await start([A], { maxAgeMs: 0 })) as [Replica];
    a.handle = async (req, res) => {
      res.end(`${req.headers.connection} ${await buffer(req)}`);
    };
    const { text } = await way.call('/received', { json: { name: 'Summer' } });
    expect(text).toBe('close {"name":"Summer"}');
  });

  it('gives it work also while requests queue for connections without a pause', async () => {
    await start([A], { maxAgeMs: 100, maxSockets: 2 });
    const responses = new Set<string>();
    let goOn = true;
    const client = async () => {
      while (goOn) responses.add((await way.call('/albums')).text);
    };
    const clients = Array.from({ length: 8 }, client);
    try {
      await eventually(() => expect(responses).toEqual(new Set([A])));
      await replicas.start(B);
      await eventually(() => expect(responses).toEqual(new Set([A, B])));
    } finally {
      goOn = false;
      await Promise.all(clients);
    }
  });
});

describeOnLinux('a connection that breaks before any response', () => {
  const breakNext = (replica: Replica, times = 1) => {
    let left = times;
    replica.handle = (req, res) => {
      if (left-- > 0) req.socket.resetAndDestroy();
      else res.end('answered');
    };
  };

  it.each(['GET', 'HEAD'])('has a %s made once more', async (method) => {
    const [a] = (await start([A])) as [Replica];
    breakNext(a);
    expect((await way.call('/albums', { method })).status).toBe(200);
    expect(a.seen).toEqual([`${method} /albums`, `${method} /albums`]);
  });

  it('but only once', async () => {
    const [a] = (await start([A])) as [Replica];
    breakNext(a, 5);
    expect(await way.call('/albums')).toMatchObject(unavailable);
    expect(a.seen).toHaveLength(2);
  });

  it.each(['POST', 'PUT', 'DELETE'])('has no %s made again', async (method) => {
    const [a] = (await start([A])) as [Replica];
    breakNext(a);
    const body = method === 'DELETE' ? {} : { body: 'x' };
    const reply = await way.call('/albums', { method, ...body });
    expect(reply).toMatchObject(unavailable);
    expect(reply.headers.get('retry-after')).toBe('5');
    expect(a.seen).toHaveLength(1);
  });

  it('has no GET made again that has a body', async () => {
    const [a] = (await start([A])) as [Replica];
    breakNext(a);
    const head = ['GET /albums HTTP/1.1', 'Host: x', 'Connection: close', 'Content-Length: 4'];
    const reply = await sendRaw(way.port, [...head, '', 'body'].join('\r\n'));
    expect(reply.status).toBe(503);
    expect(a.seen).toHaveLength(1);
  });

  it('differs from silence, and from a response that breaks off', async () => {
    const [a] = (await start([A], { silenceMs: 300 })) as [Replica];
    a.handle = () => undefined;
    expect(await way.call('/albums')).toMatchObject(unavailable);
    expect(a.seen).toHaveLength(1);
    a.handle = (_req, res) => {
      res.writeHead(200, { 'content-length': 10 }).write('half', () => res.socket?.resetAndDestroy());
    };
    await expect(way.call('/albums')).rejects.toThrow();
    expect(a.seen).toHaveLength(2);
  });

  it('is not made again for a client that has gone', async () => {
    const [a] = (await start([A])) as [Replica];
    let left = false;
    a.handle = (req) => req.once('close', () => (left = true));
    const client = new AbortController();
    const failed = expect(way.call('/albums', { signal: client.signal })).rejects.toThrow();
    await eventually(() => expect(a.seen).toHaveLength(1));
    client.abort();
    await failed;
    await eventually(() => expect(left).toBe(true));
    // What would be made again has been made before the next request.
    a.handle = undefined;
    await way.call('/later');
    expect(a.seen).toEqual(['GET /albums', 'GET /later']);
  });
});

describeOnLinux('a service that is away', () => {
  it('is a 503 that says when to come again, whether its name is known or not', async () => {
    const [a] = (await start([A])) as [Replica];
    await a.server.close(0);
    for (const forgotten of [false, true]) {
      if (forgotten) replicas.forget(a);
      for (const method of ['GET', 'POST']) {
        const reply = await way.call('/albums', { method });
        expect(reply).toMatchObject(unavailable);
        expect(reply.headers.get('retry-after')).toBe('5');
      }
    }
  });

  it('is one, too, when a connection cannot be opened', async () => {
    await start([A], { lookup: () => undefined });
    expect(await way.call('/albums')).toMatchObject(unavailable);
  });
});

describeOnLinux('a gateway that stops', () => {
  it('tells its clients, regardless of its connection to the service', async () => {
    await start([A]);
    expect((await way.call('/albums')).headers.get('connection')).toBe('keep-alive');
    way.drain();
    const reply = await way.call('/albums');
    expect(reply).toMatchObject({ status: 200, text: A });
    expect(reply.headers.get('connection')).toBe('close');
  });
});

describeOnLinux('a service behind the gateway', () => {
  it('is who calls, by a token of the gateway and not of the client; and not what is between client and gateway', async () => {
    const [a] = (await start([A])) as [Replica];
    let headers: Record<string, unknown> = {};
    a.handle = (req, res) => {
      headers = req.headers;
      req.resume().once('end', () => res.end('done'));
    };
    const head = ['PUT /chunks HTTP/1.1', 'Host: x', 'Connection: close', 'Expect: 100-continue'];
    const forged = ['X-Service-Token: forged', 'x-service-token: again', 'Content-Length: 4'];
    const { text } = await sendRaw(way.port, [...head, ...forged, '', 'body'].join('\r\n'));
    expect(text).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 [\s\S]*done$/);
    expect(headers['x-service-token']).toBe('a token for upload');
    expect(headers.expect).toBeUndefined();
    expect(text).not.toContain('token');
  });
});
