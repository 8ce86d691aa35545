import { z } from 'zod';
import { storableDate } from '../storable-date.js';
import { defineEndpoints } from './endpoint.js';
import { photo, rating } from './photos.js';
import { id, latitude, line, longitude, MAX_LIMIT, text, timestamp } from './primitives.js';
import { fieldError, problemCode } from './problems.js';

/** Dotless i must not become i, as its upper-case form would: in Turkish they are different letters. */
const DOTLESS_I = 'ı';

/**
 * Returns the key of a tag: tags with the same key are the same tag. Unicode normalisation form C, no blanks around it, case folded
 * (through upper case, so that ß equals SS and all forms of sigma are equal). It does not depend on a locale. Unique per photo; the
 * tag's name keeps its case.
 */
export const tagKey = (name: string): string =>
  name
    .toWellFormed()
    .normalize('NFC')
    .trim()
    .split(DOTLESS_I)
    .map((part) => part.toLowerCase().toUpperCase().toLowerCase())
    .join(DOTLESS_I)
    .normalize('NFC');

/** How many tags a photo can have. */
export const MAX_TAGS = 100;
export const MAX_TAG_LENGTH = 100;

const MAX_OFFSET_MINUTES = 18 * 60;

/** Minutes east of UTC that an RFC 3339 time is written with; undefined for `Z` and `-00:00`, which name no zone (RFC 9557). */
export function offsetOf(time: string): number | undefined {
  const [, sign, hours, minutes] = /([+-])(\d{2}):(\d{2})$/.exec(time) ?? [];
  if (sign === undefined) return undefined;
  const offset = Number(hours) * 60 + Number(minutes);
  if (sign === '+') return offset;
  return offset === 0 ? undefined : -offset;
}

function isStorableTime(value: string): boolean {
  return storableDate(value) !== undefined && Math.abs(offsetOf(value) ?? 0) <= MAX_OFFSET_MINUTES;
}

/** A file name that is safe on every system: no path, no second line, no reversed text. */
const fileName = line(255)
  .refine((name) => !/[/\\]/.test(name), 'must not contain a slash or a backslash')
  .refine(
    (name) => !/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/u.test(name),
    'must not contain control characters or characters that change the text direction',
  )
  .refine((name) => name.isWellFormed(), 'must be well-formed Unicode')
  .refine((name) => name !== '.' && name !== '..', 'must not be . or ..')
  .meta({ description: 'the file name of downloads; without slashes and control characters' });

const tag = line(MAX_TAG_LENGTH);
const tags = z.array(tag).max(MAX_TAGS);

const patchFields = z.object({
  tags: tags
    .optional()
    .meta({ description: 'all tags of the photo; not together with addTags and removeTags' }),
  addTags: tags.optional(),
  removeTags: tags.optional(),
  cameraMake: line(100).nullable().optional().meta({ description: 'null removes it' }),
  cameraModel: line(100).nullable().optional().meta({ description: 'null removes it' }),
  description: text(10_000).nullable().optional().meta({ description: 'null removes it' }),
  capturedAt: timestamp
    .refine(isStorableTime, 'must be in the years 1 to 9999, with an offset of at most 18 hours')
    .optional()
    .meta({
      description:
        'with the UTC offset of the place, which becomes capturedAtOffset; Z means that it is unknown',
    }),
  locationLat: latitude.nullable().optional().meta({ description: 'together with locationLon' }),
  locationLon: longitude
    .nullable()
    .optional()
    .meta({ description: 'together with locationLat; null for both removes the location' }),
  favorite: z.boolean().optional(),
  rating: rating.nullable().optional().meta({ description: 'stars; null removes it' }),
  archived: z.boolean().optional(),
  fileName: fileName.optional(),
  updatedAt: timestamp.optional().meta({
    description:
      'when the user made the edit, by the clock of the device: for each field the newest edit wins. Absent, or in the future: now',
  }),
});

type PatchFields = z.output<typeof patchFields>;

function checkTogether(patch: PatchFields, issue: (path: keyof PatchFields, message: string) => void): void {
  const { locationLat, locationLon, addTags = [], removeTags = [] } = patch;
  if ((locationLat === undefined) !== (locationLon === undefined)) {
    const missing = locationLat === undefined ? 'locationLat' : 'locationLon';
    issue(missing, 'give locationLat and locationLon together');
  } else if ((locationLat === null) !== (locationLon === null)) {
    issue('locationLon', 'give null for both of locationLat and locationLon, or for none');
  }
  if (patch.tags && (patch.addTags || patch.removeTags)) {
    issue('tags', 'give either tags, or addTags and removeTags');
  }
  const added = new Set(addTags.map(tagKey));
  if (removeTags.some((name) => added.has(tagKey(name)))) {
    issue('removeTags', 'must not contain a tag of addTags');
  }
}

/** The changes of a user to a photo. Absent fields do not change. */
export const metadataPatch = patchFields
  .superRefine((patch, context) => {
    checkTogether(patch, (path, message) => context.addIssue({ code: 'custom', path: [path], message }));
  })
  .meta({
    id: 'MetadataPatch',
    examples: [
      { addTags: ['Holidays'], capturedAt: '2024-05-01T14:00:00+02:00', updatedAt: '2026-05-01T12:00:00Z' },
    ],
  });
export type MetadataPatch = z.output<typeof metadataPatch>;

/**
 * One item of a batch. Only its id is checked with the request. Each patch is checked separately, so that an invalid one does not
 * stop the others.
 */
const metadataUpdate = z.looseObject({ id }).meta({
  id: 'MetadataUpdate',
  override: ({ jsonSchema }) => {
    for (const name of Object.keys(jsonSchema)) delete jsonSchema[name as keyof typeof jsonSchema];
    Object.assign(jsonSchema, {
      allOf: [
        { $ref: '#/components/schemas/MetadataPatch' },
        {
          type: 'object',
          properties: { id: { type: 'string', format: 'uuid', description: 'of the photo' } },
          required: ['id'],
        },
      ],
    });
  },
});

export const BATCH_STATUSES = ['ok', 'not_found', 'invalid'] as const;
/** The result of one item of a batch. */
export const batchStatus = z.enum(BATCH_STATUSES).meta({ id: 'BatchStatus' });

export const metadataResult = z
  .object({
    id,
    status: batchStatus,
    code: problemCode.optional().meta({ description: 'why the item was refused' }),
    errors: z.array(fieldError).optional().meta({ description: 'with invalid_request' }),
    photo: photo.optional().meta({
      description:
        'with ok: the photo with this edit and all others; absent from where on the response would be larger than 2 MB',
    }),
  })
  .meta({ id: 'MetadataResult' });
export type MetadataResult = z.output<typeof metadataResult>;

export const metadataEndpoints = defineEndpoints('catalog', {
  editPhoto: {
    method: 'post',
    path: '/photos/{id}/metadata',
    summary: 'Change the metadata of a photo, also of one in the trash; the file itself does not change',
    params: z.object({ id }),
    body: metadataPatch,
    success: { status: 200, body: photo, description: 'The photo as it is now' },
    problems: ['not_found', 'too_many_tags'],
  },
  editPhotos: {
    method: 'post',
    path: '/photos/metadata/batch',
    summary:
      'Change up to 500 photos in a body of up to 1 MB, in the order of the list; a repeated request changes nothing',
    body: z.object({ updates: z.array(metadataUpdate).min(1).max(MAX_LIMIT) }).meta({
      id: 'EditPhotosRequest',
      examples: [
        {
          updates: [
            {
              id: '01890a5d-ac96-774b-bcce-b302099a8058',
              favorite: true,
              updatedAt: '2026-05-01T12:00:00Z',
            },
          ],
        },
      ],
    }),
    success: {
      status: 200,
      body: z.object({ results: z.array(metadataResult) }).meta({ id: 'EditPhotosResponse' }),
      description: 'The result of each item, in the order of the request',
    },
  },
});
