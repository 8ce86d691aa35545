import type { FileId, NamedSidecar } from '../types.js';
import { cutKey, mayBeCut, type Reading, readSidecarName } from './names.js';
import { PrefixIndex } from './prefix-index.js';

export interface Sidecar<Id> {
  id: Id;
  name: string;
  title: string | undefined;
  readings: Reading[];
}

export interface CutSidecar<Id> {
  sidecar: Sidecar<Id>;
  missing: number;
}

/** The sidecars of one folder by all that a photo can look for. Each look-up takes a bounded number of steps, however many there are. */
export class SidecarIndex<Id extends FileId> {
  readonly sidecars: readonly Sidecar<Id>[];
  /** By the photo's whole name, as the sidecar has it. */
  private readonly byName = new Map<string, Sidecar<Id>[]>();
  /** The same without the extension, and without what is left of a cut one. */
  private readonly byStem = new Map<string, Sidecar<Id>[]>();
  /** Only those that may have lost their end. */
  private readonly cuts: PrefixIndex<Sidecar<Id>[]>;
  private readonly numberedCuts = new Set<string>();

  constructor(sidecars: readonly NamedSidecar<Id>[]) {
    this.sidecars = distinct(sidecars).sort(preferred);
    const byCut = new Map<string, Sidecar<Id>[]>();
    for (const sidecar of this.sidecars) this.add(sidecar, byCut);
    this.cuts = new PrefixIndex(byCut);
  }

  named({ name, number }: Reading): readonly Sidecar<Id>[] {
    return this.byName.get(keyOf(name, number)) ?? [];
  }

  /** `stem` is a name without its extension. */
  withStem(stem: string, number: string): readonly Sidecar<Id>[] {
    return this.byStem.get(keyOf(stem, number)) ?? [];
  }

  /** Sidecars whose name has been cut and is the beginning of this one, the longest first, with the length of what is missing. */
  cutFrom({ name, number }: Reading): CutSidecar<Id>[] {
    const whole = keyOf(name.normalize('NFD'), number);
    return this.cuts
      .beginningsOf(whole, MAX_CUTS)
      .flatMap(([key, sidecars]) =>
        sidecars.map((sidecar) => ({ sidecar, missing: whole.length - key.length })),
      )
      .slice(0, MAX_CUTS);
  }

  /** Whether the export has numbered sidecars whose names were cut to this one. */
  isNumbered({ readings }: Sidecar<Id>): boolean {
    return readings.some(({ name }) => this.numberedCuts.has(cutKey(name)));
  }

  private add(sidecar: Sidecar<Id>, byCut: Map<string, Sidecar<Id>[]>): void {
    for (const { name, number } of sidecar.readings) {
      append(this.byName, keyOf(name, number), sidecar);
      append(this.byStem, keyOf(name, number), sidecar);
      append(this.byStem, keyOf(name.replace(/\.[A-Za-z\d~]{0,6}$/, ''), number), sidecar);
      if (!mayBeCut(name)) continue;
      const key = cutKey(name);
      append(byCut, keyOf(key, number), sidecar);
      if (number !== '') this.numberedCuts.add(key);
    }
  }
}

/** One export cuts at one length, and few folders have names from two, each with two namings. */
const MAX_CUTS = 8;
/** More than one folder has of the same name with other extensions or suffixes, so that no list makes the work quadratic. */
const MAX_ALIKE = 16;

export const keyOf = (name: string, number: string): string => `${number}\0${name}`;

export function append<Id>(map: Map<string, Sidecar<Id>[]>, key: string, sidecar: Sidecar<Id>): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [sidecar]);
  else if (list.length < MAX_ALIKE && !list.includes(sidecar)) list.push(sidecar);
}

/** The newer naming first, which has the longer names. */
function preferred<Id>(a: Sidecar<Id>, b: Sidecar<Id>): number {
  return b.name.length - a.name.length || (a.name < b.name ? -1 : 1);
}

/** One of each name: parts of one export repeat files. */
function distinct<Id extends FileId>(sidecars: readonly NamedSidecar<Id>[]): Sidecar<Id>[] {
  const byName = new Map<string, Sidecar<Id>>();
  for (const { id, name: given, title } of sidecars) {
    const name = given.normalize('NFC');
    const known = byName.get(name);
    if (known && known.id <= id) continue;
    byName.set(name, { id, name, title, readings: readSidecarName(name) });
  }
  return [...byName.values()];
}
