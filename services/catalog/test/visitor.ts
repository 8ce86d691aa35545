import type { CreatedShareLink, SharedPhoto } from '@lazyphotos/contracts';
import { type HttpReply, http } from '@lazyphotos/testkit';
import type { CatalogNode } from './harness.js';
import type { User } from './user.js';

/** Creates a link, and fails where there is none. */
export async function share(owner: User, body: object): Promise<CreatedShareLink> {
  const reply = await owner.send('POST', '/share-links', body);
  if (reply.status !== 201) throw new Error(`no link: ${reply.text}`);
  return reply.body;
}

/** A visitor with a link and without an account. */
export const visitorOf = ({ url }: Pick<CatalogNode, 'url'>) => ({
  content: (
    token: string,
    { query = '', unlock }: { query?: string; unlock?: string } = {},
  ): Promise<HttpReply> =>
    http(`${url}/share-links/${token}/content${query}`, {
      ...(unlock === undefined ? {} : { headers: { 'x-share-token': unlock } }),
    }),
  unlock: (token: string, password: string): Promise<HttpReply> =>
    http(`${url}/share-links/${token}/unlock`, { method: 'POST', json: { password } }),
});

export const idsOf = ({ body }: HttpReply): string[] => body.photos.map((photo: SharedPhoto) => photo.id);
