import { type Database, TRANSACTION_OPTIONS } from '@lazyphotos/database';
import { PrismaClient } from './generated/prisma/client.js';

export type FeedDb = PrismaClient;

export const createPrisma = (database: Database): FeedDb =>
  new PrismaClient({ adapter: database.adapter, transactionOptions: TRANSACTION_OPTIONS });
