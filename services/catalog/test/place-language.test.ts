import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { describeWithPostgres } from '@lazyphotos/testkit';
import { eventOf, newUpload, readyResult } from './facts.js';
import { type CatalogNode, startCatalog } from './harness.js';
import type { User } from './user.js';

const PRAGUE = { city: 'Prague', region: 'Prague', country: 'Czechia', countryCode: 'CZ' };

describeWithPostgres('the language of places', () => {
  let node: CatalogNode;
  let user: User;
  let photoId: string;
  beforeAll(async () => {
    node = await startCatalog();
    user = node.user();
    const upload = newUpload(user.id);
    photoId = upload.photoId;
    await node.service.api.recordUpload(upload);
    await node.deliver(eventOf('media.processed', readyResult(upload, { place: PRAGUE })));
  });
  afterAll(() => node.stop());

  const placesIn = async (language: string | undefined) => {
    const headers: Record<string, string> = language === undefined ? {} : { 'Accept-Language': language };
    const one = await user.call(`/photos/${photoId}`, { headers });
    const listed = await user.call('/photos', { headers });
    const found = await user.call('/search?q=prague', { headers });
    return [one.body.place, listed.body.photos[0].place, found.body.photos[0].place];
  };

  it.each([
    [undefined, 'Prague', 'Czechia'],
    ['de-AT,de;q=0.9,en;q=0.8', 'Prag', 'Tschechien'],
    ['cs', 'Praha', 'Česko'],
    ['en', 'Prague', 'Czechia'],
    ['*', 'Prague', 'Czechia'],
    ['not a language!', 'Prague', 'Czechia'],
  ])('is that of Accept-Language %s by every door', async (language, city, country) => {
    const place = { ...PRAGUE, city, country };
    expect(await placesIn(language)).toEqual([place, place, place]);
  });

  it('does not matter to search: a place is found by each of its names', async () => {
    for (const name of ['Praha', 'prag', 'PRAGUE', 'Tschechien', 'czechia']) {
      const { body } = await user.call(`/search?q=${encodeURIComponent(name)}`);
      expect({ name, found: body.photos.length }).toEqual({ name, found: 1 });
    }
  });
});
