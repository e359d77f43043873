/**
 * What an identity provider says of a person, read by the settings' names.
 * https://openid.net/specs/openid-connect-core-1_0.html#Claims
 */
import { type NationalIds, nationalId, ofIdNatPs } from './national-id.ts';
import type { ClaimPath, Settings } from './settings.ts';

export type Claims = Readonly<Record<string, unknown>>;

export interface Person {
  readonly subject: string;
  /** The upstream session. */
  readonly sid?: string;
  /** In lower case. */
  readonly email?: string;
  readonly isEmailVerified: boolean;
  readonly nom?: string;
  readonly prenom?: string;
  readonly nationalIds: NationalIds;
  /** Values of the role claim. */
  readonly roleValues: readonly string[];
  readonly acr?: string;
  readonly amr: readonly string[];
  /** When the person proved who they are there, seconds since 1970. */
  readonly authTime?: number;
  readonly claims: Claims;
}

/** No claim that means something here is longer, and none has more values. */
const longest = 500;
const most = 2000;

function members(value: unknown, names: readonly string[]): readonly unknown[] {
  if (Array.isArray(value)) return value.slice(0, most).flatMap((one) => members(one, names));
  const [name, ...rest] = names;
  if (name === undefined) return [value];
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return [];
  return members((value as Claims)[name], rest);
}

/**
 * The texts and numbers at the path, those of arrays one by one. A claim whose own name has dots (a URL) is found by its
 * whole name before it is taken for a path.
 */
export function valuesAt(claims: Claims, path: ClaimPath | undefined): readonly string[] {
  if (path === undefined) return [];
  const names = typeof path !== 'string' ? path : Object.hasOwn(claims, path) ? [path] : path.split('.');
  return members(claims, names)
    .filter((value) => ['string', 'number', 'boolean'].includes(typeof value))
    .map(String)
    .filter((value) => value !== '' && value.length <= longest)
    .slice(0, most);
}

const first = (claims: Claims, path: ClaimPath | undefined) => valuesAt(claims, path)[0]?.trim() || undefined;

function nationalIdsOf(claims: Claims, names: Settings['claims']): NationalIds {
  const rpps = nationalId('rpps', first(claims, names.rpps));
  const adeli = nationalId('adeli', first(claims, names.adeli));
  return { ...ofIdNatPs(first(claims, names.national_id)), ...(rpps ? { rpps } : {}), ...(adeli ? { adeli } : {}) };
}

const workEmail = /^[^\s@]+@[^\s@]+$/;

const texts = (value: unknown) =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string').slice(0, 50) : [];

/**
 * The ID token's claims come before those of userinfo: they are signed and were checked; who it is and how it was proven
 * is taken from them alone.
 */
export function personOf(settings: Settings, idToken: Claims, userinfo: Claims = {}): Person {
  const claims = { ...userinfo, ...idToken };
  const names = settings.claims;
  const email = first(claims, names.email)?.toLowerCase();
  const [nom, prenom] = [first(claims, names.family_name), first(claims, names.given_name)];
  const { sid, acr, auth_time: authTime } = idToken;
  return {
    subject: String(idToken['sub']),
    ...(typeof sid === 'string' && sid !== '' ? { sid } : {}),
    ...(email !== undefined && workEmail.test(email) ? { email } : {}),
    isEmailVerified: settings.accounts.emails_are_verified || first(claims, names.email_verified) === 'true',
    ...(nom === undefined ? {} : { nom }),
    ...(prenom === undefined ? {} : { prenom }),
    nationalIds: nationalIdsOf(claims, names),
    roleValues: valuesAt(claims, settings.roles?.claim),
    ...(typeof acr === 'string' ? { acr } : {}),
    amr: texts(idToken['amr']),
    ...(typeof authTime === 'number' ? { authTime } : {}),
    claims,
  };
}
