import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@lazyphotos/service-kit';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { type CatalogNode, DAY_MS, displayNames, startCatalog } from './harness.js';
import type { User } from './user.js';
import { idsOf, share, visitorOf } from './visitor.js';

const PASSWORD = 'korrekt-pferd-batterie';

/** Every row of every table, as text. */
async function dump({ pool }: CatalogNode): Promise<string> {
  const { rows } = await pool.query(`SELECT tablename FROM pg_tables WHERE schemaname = 'public'`);
  const tables = await Promise.all(
    rows.map(({ tablename }) => pool.query(`SELECT t::text AS row FROM "${tablename}" AS t`)),
  );
  return tables.flatMap((table) => table.rows.map(({ row }) => row)).join('\n');
}

describeWithPostgres('what went wrong with share links elsewhere', () => {
  let node: CatalogNode;
  let visitor: ReturnType<typeof visitorOf>;
  const logged: string[] = [];
  beforeAll(async () => {
    const write = (...line: unknown[]) => void logged.push(JSON.stringify(line));
    const logger = { debug: write, info: write, warn: write, error: write, child: () => logger };
    node = await startCatalog({ logger });
    visitor = visitorOf(node);
  });
  afterAll(() => node.stop());

  const album = async (owner: User) => {
    const albumId = await owner.addAlbum('Secret meeting');
    const photoIds = await owner.addPhotos(2);
    await owner.addItems(albumId, photoIds);
    return { albumId, photoIds };
  };

  it('a password that is checked on one route only: no page of the content opens without an unlock', async () => {
    const owner = node.user();
    displayNames.set(owner.id, 'Grace');
    const { albumId } = await album(owner);
    const { id, token } = await share(owner, { albumId, password: PASSWORD, title: 'Private party' });
    const { body } = await visitor.unlock(token, PASSWORD);
    const open = await visitor.content(token, { query: '?limit=1', unlock: body.token });
    expect(open.status).toBe(200);
    for (const query of ['', '?limit=1', `?cursor=${open.body.cursor}`]) {
      for (const unlock of [undefined, '', 'x', token, PASSWORD, `${body.token}x`]) {
        const reply = await visitor.content(token, { query, ...(unlock === undefined ? {} : { unlock }) });
        expect(reply).toMatchObject({ status: 401, body: { code: 'share_password_required' } });
        for (const secret of ['Private party', 'Secret meeting', 'Grace', owner.id])
          expect(reply.text).not.toContain(secret);
      }
    }
    const more = await visitor.content(token, { query: `?cursor=${open.body.cursor}`, unlock: body.token });
    expect(more.body.photos).toHaveLength(1);
    // Refused requests are not views.
    expect((await owner.call(`/share-links/${id}`)).body.viewCount).toBe(1);
  });

  it('a share password in plain text: neither the password, nor a quick hash of it, nor the token is stored or logged', async () => {
    const owner = node.user();
    const photoId = await owner.addPhoto();
    const reply = await owner.call('/share-links', {
      method: 'POST',
      json: { photoId, password: PASSWORD },
      headers: { 'idempotency-key': newId() },
    });
    const { id, token } = reply.body;
    await owner.send('PATCH', `/share-links/${id}`, { password: PASSWORD });
    await visitor.unlock(token, PASSWORD);
    await visitor.unlock(token, `${PASSWORD}!`);
    await visitor.content(token);
    expect(reply.text).not.toContain(PASSWORD);
    const { rows } = await node.pool.query('SELECT password_hash FROM share_links WHERE id = $1', [id]);
    expect(rows[0].password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    const stored = await dump(node);
    expect(logged.join('\n')).toContain('/share-links');
    for (const text of [stored, logged.join('\n')]) {
      expect(text).not.toContain(PASSWORD);
      expect(text).not.toContain(token);
    }
    // What the idempotency key remembers is keyed: the request, password included, does not hash to it.
    const { createHash } = await import('node:crypto');
    const content = JSON.stringify([
      'createShareLink',
      {},
      { allowDownload: true, password: PASSWORD, photoId, showLocation: false },
    ]);
    expect(stored).not.toContain(createHash('sha256').update(content).digest('hex'));
  });

  it('an unlock that is shared between links: one opens its own link only, also with the same password', async () => {
    const owner = node.user();
    const { albumId, photoIds } = await album(owner);
    const links = [
      await share(owner, { albumId, password: PASSWORD }),
      await share(owner, { albumId, password: PASSWORD }),
      await share(owner, { photoId: photoIds[0], password: PASSWORD }),
    ];
    const unlocks = await Promise.all(
      links.map(async ({ token }) => (await visitor.unlock(token, PASSWORD)).body.token as string),
    );
    for (const [at, { token }] of links.entries()) {
      for (const [of, unlock] of unlocks.entries())
        expect((await visitor.content(token, { unlock })).status).toBe(at === of ? 200 : 401);
    }
  });

  it('an unlock that outlives its password: a new one ends it, also when it is the same again', async () => {
    const owner = node.user();
    const { id, token } = await share(owner, { photoId: await owner.addPhoto(), password: PASSWORD });
    const unlock = (await visitor.unlock(token, PASSWORD)).body.token;
    const status = async () => (await visitor.content(token, { unlock })).status;
    expect(await status()).toBe(200);
    await owner.send('PATCH', `/share-links/${id}`, { title: 'A title ends nothing' });
    expect(await status()).toBe(200);
    await owner.send('PATCH', `/share-links/${id}`, { password: PASSWORD });
    expect(await status()).toBe(401);
  });

  it('a wrong password is refused, and letters may be written in two ways', async () => {
    const owner = node.user();
    const { token } = await share(owner, { photoId: await owner.addPhoto(), password: 'Zürich' });
    for (const wrong of ['zürich', 'Zurich', 'Zürich ', 'x']) {
      const reply = await visitor.unlock(token, wrong);
      expect(reply).toMatchObject({ status: 403, body: { code: 'wrong_share_password' } });
      expect(reply.body).not.toHaveProperty('token');
    }
    expect((await visitor.unlock(token, 'Zu\u0308rich')).status).toBe(200);
  });

  describe('existence oracles', () => {
    /** The parts by which a visitor can distinguish responses. */
    const shape = ({ status, body, headers }: Awaited<ReturnType<typeof visitor.content>>) => {
      const { requestId: _, instance: __, ...rest } = body;
      return { status, rest, type: headers.get('content-type'), cache: headers.get('cache-control') };
    };

    it('revoked, expired, unknown and malformed links, and those of trashed photos and deleted albums look alike', async () => {
      const owner = node.user();
      const { albumId, photoIds } = await album(owner);
      const [one = '', two = ''] = photoIds;
      const soon = new Date(Date.now() + DAY_MS).toISOString();
      const live = await share(owner, { photoId: one, password: PASSWORD });
      const revoked = await share(owner, { photoId: one, password: PASSWORD });
      const expired = await share(owner, { photoId: one, password: PASSWORD, expiresAt: soon });
      const ofTrashed = await share(owner, { photoId: two, password: PASSWORD });
      const ofDeleted = await share(owner, { albumId, password: PASSWORD });
      await owner.send('DELETE', `/share-links/${revoked.id}`);
      await owner.trash(two);
      await owner.send('DELETE', `/albums/${albumId}`);
      node.advance(DAY_MS + 1000);
      try {
        const gone = [revoked, expired, ofTrashed, ofDeleted].map(({ token }) => token);
        const tokens = [...gone, 'A'.repeat(43), 'no-token', `${live.token}A`];
        const contents = await Promise.all(tokens.map((token) => visitor.content(token)));
        const unlocks = await Promise.all(tokens.map((token) => visitor.unlock(token, PASSWORD)));
        const [first, ...others] = [...contents, ...unlocks].map(shape);
        expect(first).toMatchObject({ status: 404, rest: { code: 'not_found' } });
        for (const other of others) expect(other).toEqual(first);
      } finally {
        node.advance(-DAY_MS - 1000);
      }
    });

    it('every missing link takes the same statements, and an unlock the same hash', async () => {
      const owner = node.user();
      const { id, token } = await share(owner, { photoId: await owner.addPhoto(), password: PASSWORD });
      const texts = async (of: string) =>
        (await node.statements.during(() => visitor.content(of))).map(({ text }) => text);
      const unknown = await texts('A'.repeat(43));
      // The statements do not show whether a locked link exists.
      expect(await texts(token)).toEqual(unknown);
      await owner.send('DELETE', `/share-links/${id}`);
      expect(await texts(token)).toEqual(unknown);
    });
  });

  it('rights of the viewer: a link shows only what its owner owns, also if an album were to hold more', async () => {
    const [owner, victim] = [node.user(), node.user()];
    const { albumId, photoIds } = await album(owner);
    const foreign = await victim.addPhoto({ fileName: 'victim.jpg' });
    const { token } = await share(owner, { albumId });
    // No route can do this; a defect elsewhere could.
    await node.pool.query('INSERT INTO album_items (album_id, photo_id, added_at) VALUES ($1, $2, now())', [
      albumId,
      foreign,
    ]);
    await node.pool.query('UPDATE albums SET cover_photo_id = $2 WHERE id = $1', [albumId, foreign]);
    const reply = await visitor.content(token);
    expect(idsOf(reply).sort()).toEqual([...photoIds].sort());
    expect(reply.text).not.toContain(foreign);
    const ofForeign = await share(owner, { photoId: photoIds[0] });
    await node.pool.query('UPDATE share_links SET photo_id = $2 WHERE id = $1', [ofForeign.id, foreign]);
    expect((await visitor.content(ofForeign.token)).status).toBe(404);
  });

  it('an OR that escapes the owner filter: a cursor of any place stays within the link', async () => {
    const [owner, other] = [node.user(), node.user()];
    const { albumId, photoIds } = await album(owner);
    await other.addPhotos(3, () => ({ capturedAt: '2001-01-01T00:00:00.000Z' }));
    await owner.addPhotos(3, () => ({ capturedAt: '2001-01-01T00:00:00.000Z' }));
    const links = [await share(owner, { albumId }), await share(owner, { photoId: photoIds[0] })];
    for (const { token } of links) {
      for (const year of [1990, 2000, 2002, 2100]) {
        for (const id of ['00000000-0000-4000-8000-000000000000', 'ffffffff-ffff-4fff-bfff-ffffffffffff']) {
          const cursor = Buffer.from(JSON.stringify({ at: Date.UTC(year, 0, 1), id })).toString('base64url');
          const reply = await visitor.content(token, { query: `?cursor=${cursor}` });
          expect(reply.status).toBe(200);
          for (const shown of idsOf(reply)) expect(photoIds).toContain(shown);
        }
      }
    }
  });
});
