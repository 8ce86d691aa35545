import { MEDIA_CUT, splitExtension } from './names.js';

/**
 * What Google Photos appends to the name of a copy that was edited there, in the language of the account; the first line is always English.
 * From the lists of immich-go, GooglePhotosTakeoutHelper and Ente, and their issues.
 */
const SUFFIXES = `
  effects|smile|mix|motion|animation|collage|pano|edited|edytowane|bearbeitet|bewerkt|編集済み|编辑|已修改
  已編輯|modificato|modifié|ha editado|editado|editada|editat|muokattu|redigeret|redigert|redigerad
  upravené|upraveno|upravený|отредактировано|изменено|відредаговано|змінено|편집됨|수정됨|düzenlendi
  szerkesztett|szerkesztve|diedit|đã chỉnh sửa|επεξεργασμένο|แก้ไขแล้ว`
  .normalize('NFC')
  .split(/[|\n] */)
  .filter((suffix) => suffix !== '');

export interface EditedName {
  /** The name of the original, if it has the same extension; it may be numbered. */
  original: string;
  /** False for a word that is in no list: only an original that is there makes it an edited copy. */
  isKnown: boolean;
}

/** Returns which original a photo may be an edited copy of, by its name; undefined when its name does not look like one. */
export function readEditedName(name: string): EditedName | undefined {
  const [stem, extension] = splitExtension(name);
  const [, unnumbered = stem, number = ''] = /^(.+)(\(\d+\))$/su.exec(stem) ?? [];

  // `PXL.jpg`, edited on a Pixel: `PXL~2.jpg`.
  const version = /^(.+)~\d+$/su.exec(unnumbered)?.[1];
  if (version !== undefined) return { original: version + number + extension, isKnown: true };

  const dash = unnumbered.lastIndexOf('-');
  if (dash <= 0) return undefined;
  const word = unnumbered.slice(dash + 1).toLowerCase();
  const original = unnumbered.slice(0, dash) + number + extension;
  if (SUFFIXES.includes(word)) return { original, isKnown: true };
  // The whole name is cut, so that the end of the word, or all of it, may be missing.
  const isCut = unnumbered.length + extension.length >= MEDIA_CUT - 1;
  if (isCut && SUFFIXES.some((suffix) => suffix.startsWith(word))) return { original, isKnown: true };
  return /^[\p{L}\p{M} ]{2,20}$/u.test(word) ? { original, isKnown: false } : undefined;
}
