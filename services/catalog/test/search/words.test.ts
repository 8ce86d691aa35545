import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { tokensOf } from '../../src/search/words.js';

const wholes = (text: string) =>
  tokensOf(text).map((token) => (token.kind === 'word' ? token.whole : token.characters.join('')));
const parts = (text: string) => tokensOf(text).map((token) => (token.kind === 'word' ? token.parts : []));

describe('the words of a text', () => {
  it.each([
    ['PRŮHONICE', ['pruhonice']],
    ['Průhonice.jpg', ['pruhonice', 'jpg']],
    ['Ærøskøbing Straße STRASSE', ['aeroskobing', 'strasse', 'strasse']],
    [
      'GROẞ Łódź Đorđe Œuvre İstanbul ısı Þór',
      ['gross', 'lodz', 'dorde', 'oeuvre', 'istanbul', 'isi', 'thor'],
    ],
    ['ΟΔΟΣ οδός Αθήνα', ['οδοσ', 'οδοσ', 'αθηνα']],
    ['Ёлка ёлка Йод', ['елка', 'елка', 'иод']],
    ['שָׁלוֹם שלום', ['שלום', 'שלום']],
    ['مُحَمَّد محمد', ['محمد', 'محمد']],
    ['ｆｕｌｌ ﬁne №5 x²', ['full', 'fine', 'no5', 'x2']],
    ['Tiếng Việt', ['tieng', 'viet']],
    ["Rock'n'Roll l’été Mary`s", ['rocknroll', 'lete', 'marys']],
    ['a\u00adb\u200bc', ['abc']],
    ['🎉sea🌊 ❤️ 1️⃣ 🇨🇿', ['sea', '1']],
    ['東京タワー2024', ['東京タワー', '2024']],
    ['ﾄｳｷｮｳ', ['トウキョウ']],
    ['ดอกไม้', ['ดอกไม้']],
    ['-_. !?"\'', []],
    ['', []],
  ])('of %j', (text, expected) => {
    expect(wholes(text)).toEqual(expected);
    expect(wholes(text.normalize('NFD'))).toEqual(expected);
    expect(wholes(text.normalize('NFC'))).toEqual(expected);
  });

  it.each([
    ['IMG_20240501', [['img'], ['20240501']]],
    ['IMG20240501', [['img', '20240501']]],
    ['PragueCastle', [['prague', 'castle']]],
    ['HTMLFile', [['html', 'file']]],
    ["l'été", [['l', 'ete']]],
    ['pruhonice', [['pruhonice']]],
    ['A1B2C3D4E5F6', [['a1b2c3d4e5f6']]],
  ])('have parts: %s', (text, expected) => expect(parts(text)).toEqual(expected));

  it('keeps voiced kana and Thai vowels apart from plain ones', () => {
    expect(wholes('か')).not.toEqual(wholes('が'));
    expect(wholes('ปี')).not.toEqual(wholes('ปา'));
  });

  it('are bounded in length', () => {
    expect([...(wholes('a'.repeat(5000))[0] ?? '')]).toHaveLength(64);
  });

  it('contain only folded letters and digits, for every text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const word of wholes(text)) {
          expect(word).toMatch(/^[\p{L}\p{N}\p{M}]+$/u);
          expect(wholes(word).join('')).toBe(word);
        }
      }),
    );
  });
});
