/**
 * A security key in software: makes ES256 credentials and signs challenges as a browser with a key would answer.
 * https://www.w3.org/TR/webauthn-3/#sctn-authenticator-data, CBOR by hand: https://www.rfc-editor.org/rfc/rfc8949
 */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest();

/** Type and length or value, RFC 8949, 3. */
function head(major: number, value: number): Buffer {
  const top = major << 5;
  if (value < 24) return Buffer.from([top | value]);
  if (value < 256) return Buffer.from([top | 24, value]);
  return Buffer.from([top | 25, value >> 8, value & 255]);
}

type Cbor = number | string | Uint8Array | Map<number | string, Cbor>;

function cbor(value: Cbor): Buffer {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value]);
  return Buffer.concat([head(5, value.size), ...[...value].flatMap(([key, inside]) => [cbor(key), cbor(inside)])]);
}

/** COSE_Key of a P-256 public key, RFC 9053, 7.1.1. */
function coseKey(key: KeyObject): Buffer {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  const part = (text: string) => Buffer.from(text, 'base64url');
  return cbor(
    new Map<number, Cbor>([
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, part(x)],
      [-3, part(y)],
    ]),
  );
}

/** What a test may have the key do otherwise. */
export interface Behaviour {
  readonly origin?: string;
  readonly challenge?: string;
  readonly rpId?: string;
  readonly counter?: number;
  readonly flags?: number;
  readonly type?: string;
  readonly id?: string;
  /** Signs with another key. */
  readonly isForged?: boolean;
}

const userPresent = 0x01;
const userVerified = 0x04;
const backupEligible = 0x08;
const attested = 0x40;

export class Authenticator {
  readonly id = randomBytes(32);
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly #flags: number;
  counter = 0;

  /** A key that asks for a PIN verifies its user; a passkey may be copied. */
  constructor({ verifiesUser = false, isPasskey = false } = {}) {
    this.#flags = userPresent | (verifiesUser ? userVerified : 0) | (isPasskey ? backupEligible : 0);
  }

  #authenticatorData(rpId: string, flags: number, counter: number, credential?: Buffer): Buffer {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter);
    const extra = credential ? [Buffer.alloc(16), Buffer.from([0, this.id.length]), this.id, credential] : [];
    return Buffer.concat([sha256(rpId), Buffer.from([flags | (credential ? attested : 0)]), count, ...extra]);
  }

  #clientData(type: string, challenge: string, origin: string): Buffer {
    return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
  }

  #answer(response: Readonly<Record<string, unknown>>, id = this.id.toString('base64url')): string {
    return JSON.stringify({ id, rawId: id, type: 'public-key', response, clientExtensionResults: {} });
  }

  /** Answers `navigator.credentials.create` as the page's script sends it. */
  create(optionsJson: string, origin: string, otherwise: Behaviour = {}): string {
    const options = JSON.parse(optionsJson) as { challenge: string; rp: { id: string } };
    const {
      challenge = options.challenge,
      rpId = options.rp.id,
      flags = this.#flags,
      type = 'webauthn.create',
    } = otherwise;
    const data = this.#authenticatorData(rpId, flags, this.counter, coseKey(this.#keys.publicKey));
    const attestation = cbor(
      new Map<string, Cbor>([
        ['fmt', 'none'],
        ['attStmt', new Map()],
        ['authData', data],
      ]),
    );
    return this.#answer({
      clientDataJSON: this.#clientData(type, challenge, otherwise.origin ?? origin).toString('base64url'),
      attestationObject: attestation.toString('base64url'),
      transports: ['usb'],
    });
  }

  /** Answers `navigator.credentials.get`; its counter goes up by one. */
  get(optionsJson: string, origin: string, otherwise: Behaviour = {}): string {
    const options = JSON.parse(optionsJson) as { challenge: string; rpId: string };
    this.counter += 1;
    const { challenge = options.challenge, rpId = options.rpId, counter = this.counter } = otherwise;
    const data = this.#authenticatorData(rpId, otherwise.flags ?? this.#flags, counter);
    const clientData = this.#clientData(otherwise.type ?? 'webauthn.get', challenge, otherwise.origin ?? origin);
    const key = otherwise.isForged
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
      : this.#keys.privateKey;
    return this.#answer(
      {
        clientDataJSON: clientData.toString('base64url'),
        authenticatorData: data.toString('base64url'),
        signature: sign('sha256', Buffer.concat([data, sha256(clientData)]), key).toString('base64url'),
      },
      otherwise.id,
    );
  }
}
