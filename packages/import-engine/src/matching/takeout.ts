import type { FileId, Match, MatchRule, NamedFile, NamedSidecar } from '../types.js';
import { readEditedName } from './edited.js';
import { isMotionName, isVideoExtension, type Reading, readMediaName, splitExtension } from './names.js';
import { type Sidecar, SidecarIndex } from './sidecar-index.js';
import { ownTitleFit, TitleIndex, titleFit } from './titles.js';

/**
 * Returns which JSON files of one folder of a Google Takeout, with its files of all parts, belong to which photos and videos. Google documents
 * none of this; docs/decisions/0028-imports.md gives each rule and its reason. Each photo has at most one sidecar. A sidecar belongs to
 * one name, and also to its edited copies, its video and its forgotten duplicates. The order of the files does not matter, and
 * the time is near linear in their number.
 */
export function matchSidecars<Id extends FileId>(
  media: readonly NamedFile<Id>[],
  sidecars: readonly NamedSidecar<Id>[],
): Match<Id>[] {
  const matcher = new FolderMatcher(
    new SidecarIndex(sidecars),
    new Set(media.map(({ name }) => name.normalize('NFC'))),
  );
  const found = matcher.match();
  return media.flatMap(({ id, name }) => {
    const candidate = found.get(name.normalize('NFC'));
    return candidate ? [{ mediaId: id, sidecarId: candidate.sidecar.id, rule: candidate.rule }] : [];
  });
}

interface Candidate<Id> {
  sidecar: Sidecar<Id>;
  rule: MatchRule;
  /** How much of the name the sidecar's name does not have. */
  missing: number;
}

class FolderMatcher<Id extends FileId> {
  private readonly found = new Map<string, Candidate<Id>>();
  private readonly owned = new Set<Sidecar<Id>>();

  constructor(
    private readonly index: SidecarIndex<Id>,
    private readonly names: ReadonlySet<string>,
  ) {}

  match(): ReadonlyMap<string, Candidate<Id>> {
    this.assignOwners((name) => this.exact(name));
    this.assignOwners((name) => this.numbered(name));
    this.assignOwners((name) => this.cut(name));
    const titles = new TitleIndex(this.index.sidecars.filter((sidecar) => !this.owned.has(sidecar)));
    this.assignOwners((name) => this.cutTitled(name, titles));
    this.share((name) => this.forgottenDuplicate(name));
    this.share((name) => this.motion(name));
    this.share((name) => this.edited(name));
    this.assignOwners((name) => this.titled(name, titles));
    this.assignOwners((name) => this.otherExtension(name));
    return this.found;
  }

  /** Of several names that want the same sidecar, the one that fits its title gets it, or else the one that it fits best. */
  private assignOwners(candidatesOf: (name: string) => Candidate<Id>[]): void {
    const claims = new Map<Sidecar<Id>, { name: string; candidate: Candidate<Id> }>();
    for (const name of this.names) {
      if (this.found.has(name)) continue;
      const candidate = candidatesOf(name).find(({ sidecar }) => !this.owned.has(sidecar));
      if (!candidate) continue;
      const rival = claims.get(candidate.sidecar);
      const claim = { name, candidate };
      if (!rival || isBetterClaim(claim, rival)) claims.set(candidate.sidecar, claim);
    }
    for (const [sidecar, { name, candidate }] of claims) {
      this.found.set(name, candidate);
      this.owned.add(sidecar);
    }
  }

  /** Files that were made from another one use its sidecar. */
  private share(candidatesOf: (name: string) => Candidate<Id>[]): void {
    for (const name of this.names) {
      const candidate = this.found.has(name) ? undefined : candidatesOf(name)[0];
      if (candidate) this.found.set(name, candidate);
    }
  }

  /** `IMG.jpg` and `IMG.jpg.json` or `IMG.jpg.supplemental-metadata.json`, with any part of that suffix. */
  private exact(name: string): Candidate<Id>[] {
    if (isMotionName(name)) return [];
    return this.index.named({ name, number: '' }).map((sidecar) => ({ sidecar, rule: 'exact', missing: 0 }));
  }

  /** The number of a photo is before its extension, that of its sidecar after it: `IMG(1).jpg` and `IMG.jpg(1).json`. */
  private numbered(name: string): Candidate<Id>[] {
    if (isMotionName(name)) return [];
    return readMediaName(name)
      .filter(({ number }) => number !== '')
      .flatMap((reading) => this.index.named(reading))
      .map((sidecar) => ({ sidecar, rule: 'number', missing: 0 }));
  }

  /**
   * Google cuts the name of a sidecar at 46 characters, so that it lacks the extension or more of the photo's name. A title without an
   * extension looks the same: `20030616.json` for `20030616.jpg`.
   */
  private cut(name: string): Candidate<Id>[] {
    if (isMotionName(name)) return [];
    const edited = readEditedName(name);
    return readMediaName(name)
      .reverse()
      .flatMap((reading) => {
        const [, extension] = splitExtension(reading.name);
        const inExtension = Array.from({ length: extension.length }, (_, index) => index + 1).flatMap(
          (missing) =>
            this.index.named({ name: reading.name.slice(0, -missing), number: reading.number }).map(
              (sidecar): Candidate<Id> => ({
                sidecar,
                rule: missing === extension.length ? 'extension' : 'cut',
                missing,
              }),
            ),
        );
        const inStem = this.cutCandidates(reading, 'cut', edited?.isKnown).filter(
          ({ sidecar, missing }) => missing > extension.length && ownTitleFit(reading.name, sidecar) !== 1,
        );
        return [...inExtension, ...inStem];
      });
  }

  /**
   * The end that is missing is never a whole number in brackets, and no mark of an edited copy, unless the title has it: then it is
   * another file. A title that cannot have been cut to the photo's name is that of another file, too.
   */
  private cutCandidates(reading: Reading, rule: MatchRule, isEdited = false): Candidate<Id>[] {
    const [stem, extension] = splitExtension(reading.name);
    return this.index
      .cutFrom(reading)
      .filter(({ sidecar, missing }) => {
        const fit = ownTitleFit(reading.name, sidecar);
        return fit !== 0 && !isBeyondMark(stem, missing - extension.length, isEdited && fit === undefined);
      })
      .map(({ sidecar, missing }) => ({ sidecar, rule, missing }));
  }

  /**
   * Google gives copies whose names are cut to the same one numbers, but their sidecars only where it exports several: one that it has
   * forgotten uses that of the first. At most nine characters more than the sidecar has, as in immich-go.
   */
  private forgottenDuplicate(name: string): Candidate<Id>[] {
    return readMediaName(name)
      .filter(({ number }) => number !== '')
      .flatMap(({ name: original, number }) => {
        const added = splitExtension(original)[1].length - `(${number})`.length;
        return this.cutCandidates({ name: original, number: '' }, 'forgotten-duplicate').filter(
          ({ sidecar, missing }) => missing - added < 10 && !this.index.isNumbered(sidecar),
        );
      });
  }

  /** `X.MP` is the video of `X.MP.jpg`, `X.MP4` or `X.MOV` that of `X.HEIC` or `X.jpg`: one moment, and one sidecar. */
  private motion(name: string): Candidate<Id>[] {
    const extension = splitExtension(name)[1];
    if (!isVideoExtension(extension)) return [];
    const isMotion = isMotionName(name);
    const candidates = readMediaName(name)
      .reverse()
      .flatMap((reading) => {
        const [stem] = splitExtension(reading.name);
        const stems = isMotion
          ? [reading.name, reading.name.replace(/~\d+$/, ''), stem]
          : [stem, `${stem}.MP`];
        return [
          // Some have a sidecar of their own; it can also be that of the picture, cut to this very name.
          ...(isMotion ? this.ownOfMotion(reading) : []),
          ...stems.flatMap((picture) => this.index.withStem(picture, reading.number)).map(asMotion),
          ...this.cutCandidates(reading, 'motion'),
        ];
      });
    return isMotion
      ? candidates
      : candidates.filter(({ sidecar }) => !isVideoExtension(extensionOf(sidecar)));
  }

  private ownOfMotion(reading: Reading): Candidate<Id>[] {
    const rule = reading.number === '' ? 'exact' : 'number';
    return this.index.named(reading).map((sidecar) => ({ sidecar, rule, missing: 0 }));
  }

  /** Google Photos exports an edited copy beside its original, without a sidecar: `IMG-edited.jpg`, `IMG-edited(1).jpg`. */
  private edited(name: string): Candidate<Id>[] {
    const edited = readEditedName(name);
    if (!edited) return [];
    return readMediaName(edited.original)
      .reverse()
      .flatMap((reading) => {
        const [stem, extension] = splitExtension(reading.name);
        const originals = [...this.index.withStem(stem, reading.number)].sort((a, b) =>
          comparePictures(extensionOf(a), extensionOf(b), extension),
        );
        return [...originals, ...this.cutCandidates(reading, 'edited').map(({ sidecar }) => sidecar)];
      })
      .filter((sidecar) => edited.isKnown || this.owned.has(sidecar))
      .map((sidecar) => ({ sidecar, rule: 'edited', missing: 0 }));
  }

  /**
   * Names that are the same up to the cut are numbered, those of photos and those of sidecars independently: only the titles show which
   * belong together. This comes before sharing, or such a photo would be taken for an edited copy or a video of another one.
   */
  private cutTitled(name: string, titles: TitleIndex<Id>): Candidate<Id>[] {
    if (isMotionName(name)) return [];
    return this.onlyFree(
      readMediaName(name).flatMap((reading) =>
        titles.cutAndTitled(reading.name).filter(({ title }) => titleFit(reading.name, title) === 2),
      ),
      'title',
    );
  }

  /** The title is the name that the file had where it was uploaded first. Used only if it is unambiguous. */
  private titled(name: string, titles: TitleIndex<Id>): Candidate<Id>[] {
    return this.onlyFree(
      readMediaName(name).flatMap((reading) =>
        titles.titled(reading).filter(({ title }) => titleFit(reading.name, title) !== 0),
      ),
      'title',
    );
  }

  /** A photo that was converted: `IMG.jpg` and `IMG.HEIC.json`, which is for no other file. */
  private otherExtension(name: string): Candidate<Id>[] {
    const candidates = readMediaName(name).flatMap(({ name: original, number }) => {
      const [stem, extension] = splitExtension(original);
      const converted = this.index
        .withStem(stem, number)
        .filter((sidecar) => areConvertible(extension, extensionOf(sidecar)));
      // In some exports the last letter is missing, at any length.
      const isShort = stem.length > 20 && /\p{L}$/u.test(stem);
      const shortened = isShort ? this.index.named({ name: stem.slice(0, -1), number }) : [];
      return [...converted, ...shortened].filter((sidecar) => ownTitleFit(original, sidecar) !== 0);
    });
    return this.onlyFree(candidates, 'extension');
  }

  private onlyFree(sidecars: readonly Sidecar<Id>[], rule: MatchRule): Candidate<Id>[] {
    const free = new Set(sidecars.filter((sidecar) => !this.owned.has(sidecar)));
    return free.size === 1 ? [...free].map((sidecar) => ({ sidecar, rule, missing: 0 })) : [];
  }
}

const asMotion = <Id>(sidecar: Sidecar<Id>): Candidate<Id> => ({ sidecar, rule: 'motion', missing: 0 });

function isBeyondMark(stem: string, missing: number, isEdited: boolean): boolean {
  if (missing <= 0) return false;
  const end = stem.normalize('NFD').slice(-missing);
  return /\(\d+\)$/.test(end) || (isEdited && /[-~][^-~]*$/u.test(end));
}

interface Claim<Id> {
  name: string;
  candidate: Candidate<Id>;
}

function isBetterClaim<Id>(a: Claim<Id>, b: Claim<Id>): boolean {
  const byTitle = claimFit(a) - claimFit(b);
  if (byTitle !== 0) return byTitle > 0;
  if (a.candidate.missing !== b.candidate.missing) return a.candidate.missing < b.candidate.missing;
  const [isVideoA, isVideoB] = [a, b].map(({ name }) => isVideoExtension(splitExtension(name)[1]));
  return isVideoA === isVideoB ? a.name < b.name : !isVideoA;
}

const claimFit = <Id>({ name, candidate }: Claim<Id>): number =>
  Math.max(...readMediaName(name).map((reading) => ownTitleFit(reading.name, candidate.sidecar) ?? 0));

/** Of the name that the sidecar has been read as first. */
const extensionOf = <Id>({ readings }: Sidecar<Id>): string => splitExtension(readings[0]?.name ?? '')[1];

const PICTURE_EXTENSIONS = ['.heic', '.heif', '.jpg', '.jpeg'];

/** The wanted extension first, then those that photos of phones have, then by name. */
function comparePictures(a: string, b: string, wanted: string): number {
  const rank = (extension: string) => {
    if (extension.toLowerCase() === wanted.toLowerCase()) return -1;
    const index = PICTURE_EXTENSIONS.indexOf(extension.toLowerCase());
    return index < 0 ? PICTURE_EXTENSIONS.length : index;
  };
  return rank(a) - rank(b);
}

function areConvertible(a: string, b: string): boolean {
  const [lowerA, lowerB] = [a.toLowerCase(), b.toLowerCase()];
  return lowerA === lowerB || (PICTURE_EXTENSIONS.includes(lowerA) && PICTURE_EXTENSIONS.includes(lowerB));
}
