import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Listening, listen } from '@lazyphotos/testkit';
import { provisionStorage } from '../../src/index.js';
import { createLog } from '../log.js';

const EXPIRING = `<LifecycleConfiguration><Rule><ID>theirs</ID><Status>Enabled</Status>
  <Filter><Prefix>0123/</Prefix></Filter><Expiration><Days>7</Days></Expiration></Rule></LifecycleConfiguration>`;

/** The few calls of an S3 server that is not MinIO. It keeps what it was given. */
class OtherStore {
  readonly made: string[] = [];
  lifecycle: string | undefined;
  refuses: string | undefined;

  async answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const body = Buffer.concat(await req.toArray()).toString();
    const { pathname, search } = new URL(req.url ?? '', 'http://store');
    const fail = (status: number, code: string) =>
      res.writeHead(status).end(`<Error><Code>${code}</Code><Message>${code}</Message></Error>`);
    if (pathname !== '/photos') return void fail(403, 'AccessDenied');
    if (search === '' && req.method === 'HEAD') return void res.writeHead(this.made.length ? 200 : 404).end();
    if (search === '') {
      this.made.push(pathname);
      return void res.end();
    }
    if (search !== '?lifecycle') return void fail(501, 'NotImplemented');
    if (req.method === 'GET')
      return void (this.lifecycle ? res.end(this.lifecycle) : fail(404, 'NoSuchLifecycleConfiguration'));
    if (this.refuses) return void fail(400, this.refuses);
    this.lifecycle = body;
    res.end();
  }
}

describe("a store without MinIO's admin API", () => {
  let store: OtherStore;
  let listening: Listening;
  beforeEach(async () => {
    store = new OtherStore();
    listening = await listen((req, res) => void store.answer(req, res));
  });
  afterEach(() => listening.close());

  const run = async (sessionHours = 168) => {
    const logger = createLog();
    const credentials = { accessKeyId: 'admin', secretAccessKey: 'hush-hush' };
    await provisionStorage({
      endpoint: listening.url,
      region: 'us-east-1',
      bucket: 'photos',
      pathStyle: true,
      admin: credentials,
      users: { gateway: { accessKeyId: 'gateway', secretAccessKey: 'hush-hush' } },
      sessionHours,
      logger,
    });
    return logger.lines;
  };

  test('gets the bucket and a rule for incomplete uploads, once', async () => {
    await run();
    expect(store.lifecycle).toContain(
      '<AbortIncompleteMultipartUpload><DaysAfterInitiation>30</DaysAfterInitiation></AbortIncompleteMultipartUpload>',
    );
    await run();
    expect(store.made).toEqual(['/photos']);
    expect(store.lifecycle?.match(/<Rule>/g)).toHaveLength(1);
  });

  test('keeps uploads for longer when their sessions live longer', async () => {
    await run(8760);
    expect(store.lifecycle).toContain('<DaysAfterInitiation>730</DaysAfterInitiation>');
  });

  test('gets no users, which is logged', async () => {
    expect(await run()).toContainEqual({
      level: 'warn',
      message: "no users were made: this object store does not have MinIO's admin API",
      fields: {},
    });
  });

  test('rules of another origin are kept, which is logged', async () => {
    store.lifecycle = EXPIRING;
    expect(await run()).toContainEqual(
      expect.objectContaining({ level: 'warn', fields: expect.objectContaining({ state: 'kept' }) }),
    );
    expect(store.lifecycle).toBe(EXPIRING);
  });

  test.each(['NotImplemented', 'MalformedXML'])(
    'that responds with %s to the rule is used without it',
    async (code) => {
      store.refuses = code;
      expect(await run()).toContainEqual(
        expect.objectContaining({
          level: 'warn',
          fields: expect.objectContaining({ state: 'unknown there' }),
        }),
      );
    },
  );

  test('an administrator who may not set the rule gets an error', async () => {
    store.refuses = 'AccessDenied';
    await expect(run()).rejects.toThrow(
      'the object store refuses a rule for incomplete uploads: AccessDenied (AccessDenied)',
    );
  });
});
