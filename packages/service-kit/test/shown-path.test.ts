import { expect, test } from '@jest/globals';
import { shownPath } from '../src/http/problems.js';

const TOKEN = 'HkFq06NeDxkBNZiNqJKWNEokKn519tmpHRM30HHtClc';
const ID = '01a21a79-33a7-719f-858c-42ef74925aff';

test.each([
  ['/photos', '/photos'],
  [`/photos/${ID}`, `/photos/${ID}`],
  [`/albums/${ID}/items/${ID.toUpperCase()}?token=x`, `/albums/${ID}/items/${ID.toUpperCase()}`],
  ['/.well-known/jwks.json', '/.well-known/jwks.json'],
  ['/docs/openapi.yaml', '/docs/openapi.yaml'],
  [`/s/${TOKEN}`, '/s/***'],
  [`/s/${TOKEN}/media/${TOKEN}${TOKEN}`, '/s/***/media/***'],
  [`//S/${TOKEN}/x`, '//S/***/x'],
  [`/s/${TOKEN.slice(0, 30)}`, '/s/***'],
  [`/s/%48${TOKEN.slice(1)}.`, '/s/***'],
  [`/s/x${ID}`, '/s/***'],
  [`http://node/share-links/${TOKEN}/content?limit=1`, 'http://node/share-links/***/content'],
])('%s is shown as %s', (path, shown) => {
  expect(shownPath(path)).toBe(shown);
});
