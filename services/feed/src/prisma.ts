import { type Database, TRANSACTION_OPTIONS } from '@lazyphotos/database';
import { type Prisma, PrismaClient } from './generated/prisma/client.js';

export type { FeedEntry } from './generated/prisma/client.js';
export type FeedDb = PrismaClient;
export type FeedTx = Prisma.TransactionClient;

export const createPrisma = (database: Database): FeedDb =>
  new PrismaClient({ adapter: database.adapter, transactionOptions: TRANSACTION_OPTIONS });
