/** How long what the server hands out is good for, in seconds. */

/** SMART backend services: at most 300. Revocation does not wait for it: every request asks the database. */
export const accessTokenSeconds = 300;

const day = 24 * 60 * 60;

export const lifetimes = {
  AccessToken: accessTokenSeconds,
  ClientCredentials: accessTokenSeconds,
  AuthorizationCode: 60,
  IdToken: 3600,
  Interaction: 3600,
  Session: 8 * 3600,
  // The certification rules ask for three months at least.
  RefreshToken: 93 * day,
  Grant: 93 * day,
  PushedAuthorizationRequest: 60,
} as const;

/** How long a key of ours stays published after it stopped signing: ID tokens are good for an hour, sessions that may hint with one for eight. */
export const retiredKeySeconds = day;

/** Longest life of a client's assertion, and how far its clock may be off. */
export const assertionSeconds = 300;
export const clockSkewSeconds = 5;
