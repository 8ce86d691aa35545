import { type Database, TRANSACTION_OPTIONS } from '@lazyphotos/database';
import { type Prisma, PrismaClient } from './generated/prisma/client.js';

export type { Device, Invite, Session, User as UserRow } from './generated/prisma/client.js';
export type AuthDb = PrismaClient;
export type AuthTx = Prisma.TransactionClient;

export const createPrisma = (database: Database): AuthDb =>
  new PrismaClient({ adapter: database.adapter, transactionOptions: TRANSACTION_OPTIONS });
