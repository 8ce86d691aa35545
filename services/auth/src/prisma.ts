import type { Database } from '@lazyphotos/database';
import { type Prisma, PrismaClient } from './generated/prisma/client.js';

export type { Device, Invite, Session, User as UserRow } from './generated/prisma/client.js';
export type AuthDb = PrismaClient;
export type AuthTx = Prisma.TransactionClient;

export const createPrisma = ({ adapter, transactionOptions }: Database): AuthDb =>
  new PrismaClient({ adapter, transactionOptions });
