/** Accounts and peers for an administrator to look at: rare reads of the relational tables, so Prisma's own. */
import type { PrismaClient } from '../generated/client.ts';

/** Without the password's hash. */
export function listUsers(prisma: PrismaClient) {
  return prisma.user.findMany({
    select: {
      email: true,
      nom: true,
      prenom: true,
      role: true,
      status: true,
      practitionerId: true,
      lastLogin: true,
      resetAskedAt: true,
    },
    orderBy: { email: 'asc' },
  });
}

export function listPeers(prisma: PrismaClient) {
  return prisma.dicomPeer.findMany({ orderBy: { aeTitle: 'asc' } });
}
