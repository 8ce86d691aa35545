import type { Database } from '@lazyphotos/database';
import { PrismaClient } from './generated/prisma/client.js';

export type FeedDb = PrismaClient;

export const createPrisma = ({ adapter, transactionOptions }: Database): FeedDb =>
  new PrismaClient({ adapter, transactionOptions });
