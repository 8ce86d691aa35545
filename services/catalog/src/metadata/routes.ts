import { endpoints, type MetadataResult, metadataPatch } from '@lazyphotos/contracts';
import { notFound, ProblemError, type ServiceApp } from '@lazyphotos/service-kit';
import type { CatalogContext } from '../context.js';
import { viewPhoto, viewPhotos } from '../photos/view.js';
import type { PhotoRow } from '../prisma.js';
import { type EditOutcome, editPhotos, type PhotoEdit } from './edit.js';

/** @throws ProblemError when the edit was refused */
function editedOrThrow(outcome: EditOutcome | undefined): PhotoRow {
  if (outcome?.status === 'ok' && outcome.photo) return outcome.photo;
  if (outcome?.status === 'too_many_tags') throw new ProblemError('too_many_tags', outcome.error.message);
  throw notFound('photo');
}

const resultOf = (id: string, outcome: EditOutcome | undefined): MetadataResult => {
  if (outcome?.status === 'ok') return { id, status: 'ok' };
  if (outcome?.status === 'too_many_tags') {
    const errors = [{ path: 'tags', message: outcome.error.message }];
    return { id, status: 'invalid', code: 'too_many_tags', errors };
  }
  return { id, status: 'not_found', code: 'not_found' };
};

/** Checks one item of a batch. Returns the edit, or what is wrong with it. */
function checkItem(item: { id: string }): PhotoEdit | MetadataResult {
  const checked = metadataPatch.safeParse(item);
  if (checked.success) return { id: item.id, patch: checked.data };
  const errors = checked.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  return { id: item.id, status: 'invalid', code: 'invalid_request', errors };
}

const isEdit = (item: PhotoEdit | MetadataResult): item is PhotoEdit => 'patch' in item;

export function mountMetadataRoutes({ mount }: ServiceApp, context: CatalogContext): void {
  mount(endpoints.editPhoto, async ({ principal, params, body }) => {
    const [outcome] = await editPhotos(context, principal.userId, [{ id: params.id, patch: body }]);
    return viewPhoto(context, editedOrThrow(outcome));
  });

  mount(endpoints.editPhotos, async ({ principal, body }) => {
    const items = body.updates.map(checkItem);
    const edits = items.filter(isEdit);
    const outcomes = await editPhotos(context, principal.userId, edits);
    const outcomeOf = new Map(edits.map((edit, index) => [edit, outcomes[index]]));
    // A photo that is in two batches has the later state.
    const rows = new Map(
      outcomes.flatMap((o) => (o.status === 'ok' && o.photo ? [[o.photo.id, o.photo] as const] : [])),
    );
    const photos = await viewPhotos(context, principal.userId, [...rows.values()]);
    const photoOf = new Map(photos.map((photo) => [photo.id, photo]));
    const results = items.map((item) => {
      if (!isEdit(item)) return item;
      const result = resultOf(item.id, outcomeOf.get(item));
      const photo = photoOf.get(item.id);
      return result.status === 'ok' && photo ? { ...result, photo } : result;
    });
    return { results };
  });
}
