/** Second factors without a server: a person, a clock that can be turned, an authenticator app. */
import { generateSync } from 'otplib';
import type { FactorDeps } from '../../src/auth/factors/deps.ts';
import type { Secret } from '../../src/auth/secret.ts';
import { newId } from '../../src/shared/id.ts';
import { findUser, insertUser, type User, type UserRole } from '../../src/store/accounts/users.ts';
import type { Store } from '../../src/store/store.ts';

export const peer = { address: '192.0.2.7', clientName: 'a test' };

/** The code that an authenticator app shows. */
export function codeAt(secret: string, time: Date): string {
  return generateSync({ secret: secret.replaceAll(' ', ''), epoch: Math.floor(time.getTime() / 1000) });
}

export interface Clock {
  now(): Date;
  /** Seconds forwards. */
  turn(seconds: number): void;
}

export function clock(): Clock {
  let offset = 0;
  return {
    now: () => new Date(Date.now() + offset),
    turn(seconds) {
      offset += seconds * 1000;
    },
  };
}

export function factorDeps(store: Store, secret: Secret, now: () => Date): FactorDeps {
  const rp = { id: 'hopital.example', origin: 'https://hopital.example' };
  return { store, secret, rp, roles: ['ADMINISTRATEUR'], now };
}

/** A row of users alone: neither a password nor a Practitioner is needed here. */
export async function aUser(store: Store, role: UserRole = 'MEDECIN'): Promise<User> {
  const id = newId();
  await insertUser(store.db, {
    id,
    email: `${id}@hopital.example`,
    passwordHash: 'none',
    nom: 'Petit',
    prenom: 'Claire',
    role,
    status: 'ACTIVE',
    practitionerId: id,
  });
  const user = await findUser(store.db, id);
  if (!user) throw new Error('The account was not made.');
  return user;
}
