import { setting, url, wholeNumber } from '@lazyphotos/service-kit';

export const postgresUrl = url(/^postgres(ql)?$/, 'must be a postgresql:// URL');

export const databaseSettings = {
  databaseUrl: setting('LAZYPHOTOS_DATABASE_URL', postgresUrl, "The service's own database (containers)", {
    absent: 'must be given in containers; embedded for `npm start`',
    secret: true,
  }),
  databasePool: setting(
    'LAZYPHOTOS_DATABASE_POOL',
    wholeNumber(1, 100).default(5),
    'The largest number of connections that one service opens to its database',
  ),
};
