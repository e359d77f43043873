// https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html

import { createHmac } from 'node:crypto';
import { hash } from '@node-rs/bcrypt';
import { describe, expect, it } from 'vitest';
import { hashPassword, verifyPassword } from '../../../src/auth/passwords.ts';

const pepper = Buffer.alloc(32, 1);
const password = 'correct horse battery';

describe('a password', () => {
  it('is stored by scheme, bcrypt and cost 12, and found right', async () => {
    const stored = await hashPassword(pepper, password);
    expect(stored).toMatch(/^\$hmac384-bcrypt\$2b\$12\$/);
    expect(await verifyPassword(pepper, password, stored)).toEqual({ isRight: true });
  });

  it('is told from one that differs past the 72nd byte', async () => {
    const long = 'a'.repeat(100);
    const stored = await hashPassword(pepper, `${long}b`);
    expect((await verifyPassword(pepper, `${long}c`, stored)).isRight).toBe(false);
  });

  it('is the same however its accents were typed', async () => {
    const stored = await hashPassword(pepper, 'éléphant immense');
    expect((await verifyPassword(pepper, 'éléphant immense'.normalize('NFD'), stored)).isRight).toBe(true);
  });

  it('is of no use with another pepper', async () => {
    const stored = await hashPassword(pepper, password);
    expect((await verifyPassword(Buffer.alloc(32, 2), password, stored)).isRight).toBe(false);
  });

  it('that was stored with less effort is right and hashed anew', async () => {
    const keyed = createHmac('sha384', pepper).update(password).digest('base64');
    const { isRight, newHash } = await verifyPassword(
      pepper,
      password,
      `$hmac384-bcrypt${await hash(keyed, { cost: 4 })}`,
    );
    expect(isRight).toBe(true);
    expect(newHash).toMatch(/\$12\$/);
  });

  it('is never right without an account or under an unknown scheme', async () => {
    expect((await verifyPassword(pepper, password, undefined)).isRight).toBe(false);
    expect((await verifyPassword(pepper, password, '$other$x')).isRight).toBe(false);
  });
});
