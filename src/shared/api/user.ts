/** An account, as administrators send and see it. */
import { z } from 'zod';

const role = z.enum(['MEDECIN', 'PERSONNEL', 'ADMINISTRATEUR']);
const status = z.enum(['ACTIVE', 'INACTIVE', 'SUSPENDED']);
const email = z.string().trim().min(3).max(254);
const name = z.string().trim().min(1).max(200);
const time = z.string().describe('An instant, in UTC.');

export const meShape = z.strictObject({
  id: z.string(),
  email: z.string(),
  nom: z.string(),
  prenom: z.string(),
  role,
  status,
  practitioner_id: z.string(),
  last_login: time.nullable(),
});

export const userShape = meShape.extend({
  created_at: time,
  updated_at: time,
  has_password: z.boolean().describe('false: invited and not come yet, or signed in by the identity provider alone.'),
  reset_requested_at: time.nullable().describe('When the person asked for a new password that nobody has given yet.'),
});

export const userRequestShape = z.strictObject({
  email,
  nom: name,
  prenom: name,
  role,
  invite: z.boolean().default(true).describe('false: makes no link; the person comes by an identity provider.'),
});

export const userChangeShape = z
  .strictObject({
    email: email.optional(),
    nom: name.optional(),
    prenom: name.optional(),
    role: role.optional(),
    status: status.optional(),
  })
  .refine((changes) => Object.values(changes).some((value) => value !== undefined), 'There is nothing to change.');

export const userQueryShape = z.strictObject({
  q: z.string().trim().min(1).max(200).optional().describe('Part of the address or of a name.'),
  role: role.optional(),
  status: status.optional(),
  reset_requested: z.enum(['true', 'false']).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  after: email.optional().describe('`next` of the page before.'),
});

export const userPageShape = z.strictObject({
  users: z.array(userShape),
  next: z.string().nullable().describe('Where the next page begins; null on the last one.'),
});

export const linkShape = z.strictObject({
  url: z.string().describe('Told only now. Hand it to the person, who chooses a password with it, once.'),
  expires_at: time,
  purpose: z.enum(['invitation', 'reset']),
});

export const userCreatedShape = z.strictObject({ user: userShape, link: linkShape.nullable() });

export const sessionShape = z.strictObject({
  id: z.string(),
  browser: z.string(),
  system: z.string(),
  address: z.string(),
  first_seen: time,
  last_seen: time,
  expires_at: time,
  amr: z.array(z.string()).describe('How the person proved who they are, RFC 8176.'),
  applications: z.array(z.string()),
});

export const signOutShape = z.strictObject({
  session: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe('Absent: every session, and everything given for offline use.'),
});

export type UserRequest = z.infer<typeof userRequestShape>;
export type UserChange = z.infer<typeof userChangeShape>;
export type UserQuery = z.infer<typeof userQueryShape>;
export type SignOutRequest = z.infer<typeof signOutShape>;
